import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import ssh2, { type ParsedKey } from 'ssh2';
import { Secret } from '../../../src/core/index.ts';
import { hostOf, makeKey, signKey, whyNoSshd } from '../../support/sshd.ts';
import { freePort } from '../../support/free-port.ts';
import { failure, request, withSsh } from './with-ssh.ts';

const missing = whyNoSshd();

/** A server that presents a host certificate, and signs with whatever key it has. */
async function startImpostor(certificate: Buffer, privateKey: string): Promise<{ port: number; stop: () => Promise<void> }> {
  const parsed = ssh2.utils.parseKey(privateKey) as ParsedKey; // a private key made a moment ago
  const fake = Object.create(parsed, {
    type: { value: 'ssh-ed25519-cert-v01@openssh.com' },
    getPublicSSH: { value: () => certificate },
  }) as unknown as string; // the library takes a parsed key where its types want text
  const server = new ssh2.Server({ hostKeys: [{ key: fake }] }, (client) => {
    client.on('error', () => undefined);
    client.on('authentication', (context) => context.accept());
    client.on('ready', () => client.on('session', (accept) => accept().on('exec', (acceptExec) => acceptExec().end('hello\n'))));
  });
  const port = await freePort();
  await new Promise<void>((resolve) => void server.listen(port, '127.0.0.1', resolve));
  return { port, stop: () => new Promise((resolve) => void server.close(() => resolve())) };
}

describe('a copied host certificate', { skip: missing === undefined ? false : `not available: ${missing}` }, () => {
  let dir: string;
  let line: string;
  let certificate: Buffer;
  let hostKey: string;
  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'slipway-impostor-'));
    const authority = makeKey(dir, 'authority');
    hostKey = makeKey(dir, 'host');
    signKey(authority, hostKey, ['-h', '-n', '127.0.0.1', '-V', '-1h:+1h']);
    line = `@cert-authority ${(await readFile(`${authority}.pub`, 'utf8')).trim()}`;
    certificate = Buffer.from((await readFile(`${hostKey}-cert.pub`, 'utf8')).split(' ')[1] ?? '', 'base64');
  });
  after(() => rm(dir, { recursive: true }));

  const attempt = async (keyFile: string) => {
    const impostor = await startImpostor(certificate, await readFile(keyFile, 'utf8'));
    const host = { ...hostOf({ name: 'impostor', port: impostor.port, hostKeys: [line] }), login: { password: new Secret('typed in vain') } };
    try {
      return await failure(withSsh((ssh, control) => ssh.exec(host, request('true'), control)));
    } finally {
      await impostor.stop();
    }
  };

  it('does not let in somebody without its private key', async () => {
    const error = await attempt(makeKey(dir, 'stolen'));
    assert.match(error.message, /signature verification failed/);
  });

  it('is the reason, and not this kind of server: with the right key the handshake succeeds', async () => {
    const error = await attempt(hostKey);
    assert.equal(error.code, 'SSH_LOST', error.message);
  });
});
