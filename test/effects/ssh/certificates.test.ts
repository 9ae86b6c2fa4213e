import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { systemClock } from '../../../src/core/index.ts';
import { createSsh } from '../../../src/effects/ssh/index.ts';
import type { Host } from '../../../src/steps/index.ts';
import { hostOf, makeKey, signKey, type Sshd, startSshd, whyNoSshd } from '../../support/sshd.ts';
import { failure, request, withSsh } from './with-ssh.ts';

const missing = whyNoSshd();

describe('certificates, against OpenSSH', { skip: missing === undefined ? false : `not available: ${missing}` }, () => {
  let dir: string;
  let authority: string;
  let sshd: Sshd;
  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'slipway-ca-'));
    authority = makeKey(dir, 'authority');
    sshd = await startSshd({ config: [`TrustedUserCAKeys ${authority}.pub`, 'AuthorizedKeysFile none'] });
  });
  after(async () => {
    await sshd.stop();
    await rm(dir, { recursive: true });
  });
  const attempt = (host: Host, agentSocket?: string): Promise<string> =>
    withSsh(
      async (ssh, control) => (await ssh.exec(host, request('echo in'), control)).stdout,
      createSsh({ clock: systemClock, ...(agentSocket === undefined ? {} : { agentSocket }) }),
    );
  const by = (key: string): Host => hostOf({ name: 'real', port: sshd.port, privateKeyFile: key, hostKeys: [sshd.hostKey] });

  for (const type of ['ed25519', 'ecdsa', 'rsa']) {
    it(`logs in with a certificate beside an ${type} key`, async () => {
      const key = makeKey(dir, `user-${type}`, type);
      assert.equal((await failure(attempt(by(key)))).code, 'SSH_AUTH');
      signKey(authority, key, ['-n', 'root', '-V', '-1h:+1h']);
      assert.equal(await attempt(by(key)), 'in\n');
    });
  }

  it('is refused with a certificate for somebody else, or one that has expired', async () => {
    const key = makeKey(dir, 'other');
    signKey(authority, key, ['-n', 'somebody', '-V', '-1h:+1h']);
    assert.equal((await failure(attempt(by(key)))).code, 'SSH_AUTH');
    signKey(authority, key, ['-n', 'root', '-V', '-2h:-1h']);
    assert.equal((await failure(attempt(by(key)))).code, 'SSH_AUTH');
  });

  it('logs in with a certificate that an agent holds', async () => {
    const key = makeKey(dir, 'in-agent');
    signKey(authority, key, ['-n', 'root', '-V', '-1h:+1h']);
    const socket = join(dir, 'agent.sock');
    const pid = Number(/SSH_AGENT_PID=(\d+)/.exec(execFileSync('ssh-agent', ['-a', socket]).toString())?.[1]);
    try {
      execFileSync('ssh-add', ['-q', key], { env: { ...process.env, SSH_AUTH_SOCK: socket }, stdio: 'ignore' });
      assert.equal(await attempt({ ...by(key), login: { agent: true } }, socket), 'in\n');
    } finally {
      process.kill(pid);
    }
  });

  it('trusts a host whose certificate a known authority signed, and no other', async () => {
    const hostAuthority = makeKey(dir, 'host-authority');
    await using certified = await startSshd({ certified: { authorityFile: hostAuthority } });
    const key = (await readFile(`${hostAuthority}.pub`, 'utf8')).trim();
    const trusting = (line: string): Host => ({ ...certified.host, hostKeys: [line] });
    assert.equal(await attempt(trusting(`@cert-authority ${key}`)), 'in\n');
    assert.equal(await attempt(trusting(`@cert-authority [127.0.0.*]:* ${key}`)), 'in\n');
    const stranger = (await readFile(`${authority}.pub`, 'utf8')).trim();
    const error = await failure(attempt(trusting(`@cert-authority ${stranger}`)));
    assert.deepEqual([error.code, /authority that is not trusted/.test(error.message)], ['SSH_HOST_KEY', true]);
    // A plain key of the same host stays good for those who know it.
    assert.equal(await attempt(certified.host), 'in\n');
  });

  it('does not trust a host certificate for another name, nor one out of its time', async () => {
    const hostAuthority = makeKey(dir, 'host-authority-2');
    const line = `@cert-authority ${(await readFile(`${hostAuthority}.pub`, 'utf8')).trim()}`;
    const cases = [
      { options: { principals: 'elsewhere.example' }, says: /it is for elsewhere\.example/ },
      { options: { validity: '-2h:-1h' }, says: /it has expired/ },
      { options: { validity: '+1h:+2h' }, says: /not valid yet/ },
    ];
    for (const { options, says } of cases) {
      await using certified = await startSshd({ certified: { authorityFile: hostAuthority, ...options } });
      const error = await failure(attempt({ ...certified.host, hostKeys: [line] }));
      assert.equal(error.code, 'SSH_HOST_KEY');
      assert.match(error.message, says);
    }
  });
});
