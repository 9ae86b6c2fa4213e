import type { Clock } from '../../core/index.ts';
import type { RemoteFile, SshControl } from '../../steps/index.ts';
import type { Link } from './link.ts';
import { runScript } from './exec.ts';
import { IDS_SCRIPT } from './scripts.ts';
import { fileError } from './with-sftp.ts';

const NUMBER = /^\d+$/;
const LOOKUP_MS = 30_000;

/** Numbers of an owner and a group, because SFTP knows no names; undefined: as it comes. */
export interface Ids {
  readonly uid?: number;
  readonly gid?: number;
}

/**
 * Look up owner and group on the machine.
 *
 * @throws {SlipwayError} `SSH_FILE` when it does not know one of them, and everything that running a command throws.
 */
export async function idsOf(link: Link, file: RemoteFile, control: SshControl, clock: Clock): Promise<Ids> {
  const { owner = '', group = '' } = file;
  if (owner === '' && group === '') return {};
  const request = { script: IDS_SCRIPT, env: { SLIPWAY_OWNER: owner, SLIPWAY_GROUP: group }, timeoutMs: LOOKUP_MS, maxOutputBytes: 4_096 };
  const looked = owner === '' || NUMBER.test(owner) ? group !== '' && !NUMBER.test(group) : true;
  const lines = looked ? (await runScript(link, request, { signal: control.signal }, clock)).stdout.toString('utf8').split('\n') : [];
  const numberOf = (name: string, said: string | undefined, what: string): number | undefined => {
    if (name === '') return undefined;
    if (NUMBER.test(name)) return Number(name);
    if (said !== undefined && NUMBER.test(said)) return Number(said);
    throw fileError(link, file.path, `the machine knows no ${what} ${JSON.stringify(name)}`, `correct ${what}`);
  };
  const uid = numberOf(owner, lines[0], 'owner');
  const gid = numberOf(group, lines[1], 'group');
  return { ...(uid === undefined ? {} : { uid }), ...(gid === undefined ? {} : { gid }) };
}
