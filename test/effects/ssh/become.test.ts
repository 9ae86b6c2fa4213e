import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Secret } from '../../../src/core/index.ts';
import type { Become, Host } from '../../../src/steps/index.ts';
import { type Sshd, startSshd, whyNoSshd } from '../../support/sshd.ts';
import { failure, request, withSsh } from './with-ssh.ts';

const missing = whyNoSshd() ?? (existsSync('/usr/bin/sudo') ? undefined : 'sudo is not installed (apt-get install -y sudo)');

describe('changing the user, against OpenSSH and sudo', { skip: missing === undefined ? false : `not available: ${missing}` }, () => {
  const user = `slw${randomBytes(4).toString('hex')}`;
  const password = `pw-${randomBytes(8).toString('hex')}`;
  const rules = `/etc/sudoers.d/${user}`;
  let sshd: Sshd;
  let host: Host;
  before(async () => {
    sshd = await startSshd();
    execFileSync('useradd', ['--create-home', '--shell', '/bin/sh', user]);
    execFileSync('chpasswd', { input: `${user}:${password}\n` });
    await writeFile(rules, `${user} ALL=(root) ALL\n${user} ALL=(nobody) NOPASSWD: ALL\n`, { mode: 0o440 });
    host = { ...sshd.host, user };
  });
  after(async () => {
    await sshd.stop();
    await rm(rules, { force: true });
    execFileSync('userdel', ['--remove', user], { stdio: 'ignore' });
  });
  const root: Become = { user: 'root', method: 'sudo', password: new Secret(password) };
  const nobody: Become = { user: 'nobody', method: 'sudo' };

  it('becomes root by sudo with a password, and keeps environment and input', async () => {
    await withSsh(async (ssh, control) => {
      const result = await ssh.exec(
        host,
        request('id -un; printf "%s\\n" "$VALUE"; cat; exit 4', { become: root, env: { VALUE: "it's" }, stdin: Buffer.from('input') }),
        control,
      );
      assert.deepEqual([result.exitCode, result.stdout, result.stderr], [4, "root\nit's\ninput", '']);
    });
  });

  it('does not hand the password to a command when sudo does not ask for it', async () => {
    await withSsh(async (ssh, control) => {
      const become: Become = { ...nobody, password: new Secret(password) };
      const { stdout } = await ssh.exec(host, request('id -un; cat', { become, stdin: Buffer.from('only this') }), control);
      assert.equal(stdout, 'nobody\nonly this');
    });
  });

  it('becomes somebody else without a password', async () => {
    await withSsh(async (ssh, control) => {
      assert.equal((await ssh.exec(host, request('id -un', { become: nobody }), control)).stdout, 'nobody\n');
    });
  });

  it('says that the password is missing or wrong, without telling it', async () => {
    await withSsh(async (ssh, control) => {
      const none = await failure(ssh.exec(host, request('id', { become: { user: 'root', method: 'sudo' } }), control));
      assert.deepEqual([none.code, none.retry], ['SSH_AUTH', 'never']);
      assert.match(none.message, /does not let .* become root by sudo: .*password is required/);
      const wrong = await failure(ssh.exec(host, request('id', { become: { ...root, password: new Secret('wrong-guess') } }), control));
      assert.equal(wrong.code, 'SSH_AUTH');
      assert.ok(!`${wrong.message}${wrong.hint}`.includes('wrong-guess'));
    });
  });

  it('becomes root by su, which asks for the password of root, and says when it refuses', async () => {
    await withSsh(async (ssh, control) => {
      const asRoot = await ssh.exec(sshd.host, request('id -un; cat', { become: { user, method: 'su' }, stdin: Buffer.from('x') }), control);
      assert.equal(asRoot.stdout, `${user}\nx`);
      const back = await ssh.exec(
        host,
        request('id -un; cat', { become: { user, method: 'su', password: new Secret(password) }, stdin: Buffer.from('x') }),
        control,
      );
      assert.equal(back.stdout, `${user}\nx`);
      assert.equal(
        (await failure(ssh.exec(host, request('id', { become: { user: 'root', method: 'su', password: new Secret(password) } }), control))).code,
        'SSH_AUTH',
      );
    });
  });

  it('ends a command of another user at a timeout', async () => {
    const mark = `79.${randomBytes(4).readUInt32BE()}`;
    await withSsh(async (ssh, control) => {
      const error = await failure(ssh.exec(host, request(`sleep ${mark} & sleep ${mark}; true`, { become: root, timeoutMs: 1_500 }), control));
      assert.equal(error.code, 'SSH_TIMEOUT', error.message);
      const left = execFileSync('ps', ['-A', '-o', 'stat=,args='])
        .toString()
        .split('\n')
        .filter((row) => row.includes(`sleep ${mark}`) && !row.startsWith('Z'));
      assert.deepEqual(left, []);
    });
  });

  it('reads and writes files of another user', async () => {
    const path = join(sshd.dir, 'of root');
    const content = randomBytes(200_000);
    await withSsh(async (ssh, control) => {
      const asRoot = { ...control, become: root };
      assert.equal(await ssh.read(host, path, 10, asRoot), undefined);
      await ssh.write(host, { path, content, mode: 0o600, owner: 'root', group: 'nogroup' }, asRoot);
      assert.equal(Buffer.compare(await readFile(path), content), 0);
      assert.deepEqual([(await stat(path)).mode & 0o777, (await stat(path)).uid], [0o600, 0]);
      const read = await ssh.read(host, path, 1 << 20, asRoot);
      assert.deepEqual([read?.mode, Buffer.compare(read?.content ?? Buffer.alloc(0), content)], [0o600, 0]);
      assert.equal((await failure(ssh.read(host, path, 10, control))).code, 'SSH_FILE');
      assert.equal((await failure(ssh.write(host, { path: '/etc/slipway-test', content, mode: 0o644 }, control))).code, 'SSH_FILE');
    });
  });

  it('refuses a user name that is none, and doas with a password', async () => {
    await withSsh(async (ssh, control) => {
      for (const become of [
        { user: 'root; id', method: 'sudo' },
        { user: '-u', method: 'su' },
        { ...root, method: 'doas' },
      ] as const) {
        assert.equal((await failure(ssh.exec(host, request('id', { become }), control))).code, 'SSH_VALUE');
      }
    });
  });
});
