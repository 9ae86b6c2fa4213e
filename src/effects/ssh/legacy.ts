import type { ConnectConfig } from 'ssh2';
import { SlipwayError } from '../../core/index.ts';
import { type Host, LEGACY } from '../../steps/index.ts';
import { nameOf } from './trust.ts';

/** Old algorithms behind those that are always offered, as far as the inventory allows them for this host. Those of host keys are the business of trust. */
export function legacyAlgorithms({ legacy = [] }: Host): Pick<ConnectConfig, 'algorithms'> {
  if (legacy.length === 0) return {};
  const append = <Name extends string>(names: readonly Name[]): { readonly append: Name[]; readonly prepend: []; readonly remove: [] } => ({
    append: names.filter((name) => legacy.some((allowed) => allowed === name)),
    prepend: [],
    remove: [],
  });
  return { algorithms: { kex: append(LEGACY.kex), cipher: append(LEGACY.cipher), hmac: append(LEGACY.mac) } };
}

/** Both sides know algorithms, and none in common. */
export function noAlgorithm(host: Host, cause: Error): SlipwayError {
  return new SlipwayError('SSH_ALGORITHM', `${nameOf(host)} and Slipway have no algorithm in common: ${cause.message.replace(/^Handshake failed: /, '')}`, {
    hint: 'update the SSH server; for a system that cannot be updated, name what it needs under "legacy" of the host in the inventory, for example [diffie-hellman-group14-sha1, aes128-cbc]',
    cause,
  });
}
