import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { buildInventory } from '../../../src/inventory/index.ts';
import { LEGACY, LEGACY_NAMES, type Host } from '../../../src/steps/index.ts';
import { validateRepository } from '../../../src/runbook/index.ts';
import { makeKey, type Sshd, startSshd, whyNoSshd } from '../../support/sshd.ts';
import { failure, request, withSsh } from './with-ssh.ts';

type Names = 'SUPPORTED_KEX' | 'DEFAULT_KEX' | 'SUPPORTED_CIPHER' | 'DEFAULT_CIPHER' | 'SUPPORTED_MAC' | 'DEFAULT_MAC';
const constants = createRequire(import.meta.url)('ssh2/lib/protocol/constants.js') as { readonly [name in Names]: readonly string[] }; // lists that the library keeps to itself
const missing = whyNoSshd();

describe('old systems', { skip: missing === undefined ? false : `not available: ${missing}` }, () => {
  let keys: string;
  let old: Sshd;
  let host: Host;
  before(async () => {
    keys = await mkdtemp(join(tmpdir(), 'slipway-keys-'));
    const rsa = makeKey(keys, 'rsa', 'rsa');
    const lines = ['KexAlgorithms diffie-hellman-group14-sha1', 'Ciphers aes128-cbc', 'MACs hmac-md5', 'HostKeyAlgorithms ssh-rsa', `HostKey ${rsa}`];
    old = await startSshd({ config: lines });
    host = { ...old.host, hostKeys: [readFileSync(`${rsa}.pub`, 'utf8').split(' ').slice(0, 2).join(' ')] };
  });
  after(async () => {
    await old.stop();
    await rm(keys, { recursive: true });
  });

  const run = (legacy: Host['legacy']) => withSsh((ssh, control) => ssh.exec(legacy ? { ...host, legacy } : host, request('echo in'), control));

  it('are refused as long as nobody names what they need', async () => {
    const error = await failure(run(undefined));
    assert.deepEqual([error.code, error.retry], ['SSH_ALGORITHM', 'never']);
    assert.match(error.message, /no algorithm in common: no matching/);
    assert.match(error.hint ?? '', /under "legacy" of the host in the inventory/);
    // One of them alone is not enough, and opens nothing else.
    assert.equal((await failure(run(['diffie-hellman-group14-sha1']))).code, 'SSH_ALGORITHM');
    assert.equal((await failure(run(['diffie-hellman-group14-sha1', 'aes128-cbc', 'hmac-md5']))).code, 'SSH_ALGORITHM');
  });

  it('are reached with exactly what the inventory names, and with their host key still checked', async () => {
    const legacy = ['diffie-hellman-group14-sha1', 'aes128-cbc', 'hmac-md5', 'ssh-rsa'] as const;
    assert.equal((await run(legacy)).stdout, 'in\n');
    const changed = await failure(withSsh((ssh, control) => ssh.exec({ ...host, legacy, hostKeys: [old.hostKey] }, request('true'), control)));
    assert.equal(changed.code, 'SSH_HOST_KEY');
  });

  it('every name is one that the library knows and does not use by itself', () => {
    const { SUPPORTED_KEX, DEFAULT_KEX, SUPPORTED_CIPHER, DEFAULT_CIPHER, SUPPORTED_MAC, DEFAULT_MAC } = constants;
    for (const [names, supported, usual] of [
      [LEGACY.kex, SUPPORTED_KEX, DEFAULT_KEX],
      [LEGACY.cipher, SUPPORTED_CIPHER, DEFAULT_CIPHER],
      [LEGACY.mac, SUPPORTED_MAC, DEFAULT_MAC],
    ] as const)
      for (const name of names) assert.ok(supported.includes(name) && !usual.includes(name), name);
    assert.equal(new Set(LEGACY_NAMES).size, LEGACY_NAMES.length);
  });

  it('are named per host, or for all of an inventory', () => {
    const text = `apiVersion: slipway/v1
kind: Inventory
metadata: { name: estate }
defaults: { legacy: [ssh-rsa] }
hosts: { a: {}, b: { legacy: [] }, c: { legacy: [3des-cbc] } }
`;
    const parsed = validateRepository([{ path: 'estate.yaml', text }]);
    assert.ok(parsed.ok);
    const inventory = buildInventory([...parsed.value.inventories.values()]);
    assert.ok(inventory.ok);
    assert.deepEqual(
      [...inventory.value.hosts.values()].map(({ host: { legacy } }) => legacy),
      [['ssh-rsa'], undefined, ['3des-cbc']],
    );
  });
});
