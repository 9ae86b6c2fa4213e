import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { Secret, systemClock } from '../../../src/core/index.ts';
import { createSsh } from '../../../src/effects/ssh/index.ts';
import type { Host } from '../../../src/steps/index.ts';
import { hostOf, makeKey, type Sshd, startSshd, whyNoSshd } from '../../support/sshd.ts';
import { failure, request, withSsh } from './with-ssh.ts';

const missing = whyNoSshd();

/** What only a real server and a real operating system can show. */
describe('OpenSSH', { skip: missing === undefined ? false : `not available: ${missing}` }, () => {
  let sshd: Sshd;
  before(async () => {
    sshd = await startSshd({ config: ['AcceptEnv *', 'MaxSessions 3'] });
  });
  after(() => sshd.stop());

  const processes = (): readonly string[] => execFileSync('ps', ['-A', '-o', 'pid=,stat=,args=']).toString().split('\n');
  const alive = (word: string): readonly string[] => processes().filter((row) => row.includes(word) && !/^\s*\d+\s+Z/.test(row));

  it('hands values over alike where the server accepts variables and where it does not', async () => {
    await using strict = await startSshd({ config: ['AcceptEnv NOTHING', 'PermitUserEnvironment no'] });
    const value = `it's "$(id)"\n\`x\` ü`;
    for (const { host } of [sshd, strict]) {
      await withSsh(async (ssh, control) => {
        const { stdout } = await ssh.exec(host, request('printf %s "$VALUE"; env | grep -c "^VALUE=" || true', { env: { VALUE: value } }), control);
        assert.equal(stdout, `${value}1\n`);
      });
    }
  });

  it('shows no value in the process list, nor the script of another user', async () => {
    const secret = `s3cret-${randomBytes(8).toString('hex')}`;
    await withSsh(async (ssh, control) => {
      const running = ssh.exec(
        sshd.host,
        request('echo "$TOKEN" >/dev/null; ps -A -o args; sleep 1', { env: { TOKEN: new Secret(secret) }, stdin: Buffer.from(secret), cwd: sshd.dir }),
        control,
      );
      await delay(300);
      const seenHere = processes().join('\n');
      const { stdout } = await running;
      assert.ok(stdout.includes('ps -A -o args'));
      assert.ok(!stdout.includes(secret));
      assert.ok(!seenHere.includes(secret));
    });
  });

  it('ends the whole process group at a timeout: children, grandchildren, and those that ignore a polite request', async () => {
    const mark = `77.${randomBytes(4).readUInt32BE()}`;
    const script = `(sleep ${mark} & sleep ${mark}) & (trap '' TERM; sleep ${mark}; sleep ${mark}) & sh -c 'sleep ${mark}; true'`;
    await withSsh(async (ssh, control) => {
      const error = await failure(ssh.exec(sshd.host, request(script, { timeoutMs: 2_000 }), control));
      assert.equal(error.code, 'SSH_TIMEOUT');
      assert.deepEqual(alive(`sleep ${mark}`), []);
    });
  });

  it('does not end a process that left the group on purpose', async () => {
    const mark = `78.${randomBytes(4).readUInt32BE()}`;
    await withSsh(async (ssh, control) => {
      const started = systemClock.monotonic();
      const result = await ssh.exec(sshd.host, request(`setsid sleep ${mark} & echo left`), control);
      assert.deepEqual([result.exitCode, result.stdout], [0, 'left\n']);
      // It holds the output open; the command itself has ended.
      assert.ok(systemClock.monotonic() - started < 15_000);
      const [row = ''] = alive(`sleep ${mark}`);
      process.kill(Number(row.trim().split(/\s+/)[0]), 'SIGKILL');
    });
  });

  it('leaves the command alone when the connection breaks', async () => {
    const mark = `6.${randomBytes(4).readUInt32BE()}`;
    await withSsh(async (ssh, control) => {
      const error = await failure(ssh.exec(sshd.host, request(`echo go; sleep ${mark}`), { ...control, onOutput: () => void sshd.dropConnections() }));
      assert.equal(error.code, 'SSH_LOST');
      assert.equal(alive(`sleep ${mark}`).length > 0, true);
    });
  });

  it('is content with fewer channels than it would like', async () => {
    await withSsh(async (ssh, control) => {
      const results = await Promise.all(Array.from({ length: 12 }, (_, index) => ssh.exec(sshd.host, request(`sleep 0.2; echo ${index}`), control)));
      assert.deepEqual(
        results.map(({ stdout }) => Number(stdout)),
        Array.from({ length: 12 }, (_, index) => index),
      );
    });
  });

  it('replaces a symbolic link instead of following it, and sets owner and mode', async () => {
    const [precious, link] = [join(sshd.dir, 'precious'), join(sshd.dir, 'link')];
    await writeFile(precious, 'do not touch');
    await symlink(precious, link);
    await withSsh(async (ssh, control) => {
      await ssh.write(sshd.host, { path: link, content: Buffer.from('new'), mode: 0o4750, owner: 'nobody', group: '0' }, control);
    });
    assert.equal(await readFile(precious, 'utf8'), 'do not touch');
    assert.equal(await readFile(link, 'utf8'), 'new');
    const { mode, uid, gid } = await stat(link);
    assert.deepEqual([mode & 0o7777, gid], [0o4750, 0]);
    assert.equal(uid, Number(execFileSync('id', ['-u', 'nobody'])));
  });

  it('says when an owner is unknown, and leaves no file behind', async () => {
    await withSsh(async (ssh, control) => {
      const file = { path: join(sshd.dir, 'unowned'), content: Buffer.from('x'), mode: 0o600, owner: 'no-such-user' };
      const error = await failure(ssh.write(sshd.host, file, control));
      assert.deepEqual([error.code, error.message.includes('"no-such-user"')], ['SSH_FILE', true]);
      assert.equal((await ssh.read(sshd.host, file.path, 10, control))?.mode, undefined);
    });
  });

  it('reaches a host through another one, over shared connections', async () => {
    await using inner = await startSshd();
    const host: Host = { ...inner.host, name: 'inner', jump: [{ ...sshd.host, name: 'bastion' }] };
    const before_ = sshd.log().split('Accepted publickey').length;
    await withSsh(async (ssh, control) => {
      const [result, other] = await Promise.all([
        ssh.exec(host, request('echo through'), control),
        ssh.exec({ ...sshd.host, name: 'bastion' }, request('echo at'), control),
      ]);
      assert.deepEqual([result.stdout, other.stdout], ['through\n', 'at\n']);
    });
    assert.equal(sshd.log().split('Accepted publickey').length - before_, 1);
    assert.match(inner.log(), /Accepted publickey for root/);
  });

  it('names the jump host that does not let it through', async () => {
    await using closed = await startSshd({ config: ['AllowTcpForwarding no'] });
    const host: Host = { ...sshd.host, name: 'inner', jump: [{ ...closed.host, name: 'bastion' }] };
    await withSsh(async (ssh, control) => {
      const error = await failure(ssh.exec(host, request('true'), control));
      assert.equal(error.code, 'SSH_UNREACHABLE');
      assert.match(error.message, /jump host bastion/);
    });
  });

  it('finds host keys in known_hosts files: plain, hashed, with a wildcard, revoked', async () => {
    const file = join(sshd.dir, 'known_hosts');
    const name = `[127.0.0.1]:${sshd.port}`;
    const host: Host = { ...sshd.host, hostKeys: [], login: { ...sshd.host.login, knownHostsFiles: [join(sshd.dir, 'absent'), file] } };
    const attempt = (): Promise<unknown> => withSsh((ssh, control) => ssh.exec(host, request('true'), control));
    await writeFile(file, `# comment\n${name} ${sshd.hostKey}\n`);
    await attempt();
    execFileSync('ssh-keygen', ['-q', '-H', '-f', file], { stdio: 'ignore' });
    assert.match(await readFile(file, 'utf8'), /^\|1\|/m);
    await attempt();
    await writeFile(file, `[127.0.0.*]:${sshd.port} ${sshd.hostKey}\n`);
    await attempt();
    await writeFile(file, `!${name},[127.0.0.*]:${sshd.port} ${sshd.hostKey}\n`);
    assert.equal((await failure(attempt())).code, 'SSH_HOST_KEY');
    await writeFile(file, `${name} ${sshd.hostKey}\n@revoked * ${sshd.hostKey}\n@revoked [127.0.0.1]:* ${sshd.hostKey}\n`);
    assert.match((await failure(attempt())).message, /revoked/);
  });

  it('logs in with keys of every kind, with a passphrase, and by an agent', async () => {
    const socket = join(sshd.dir, 'agent.sock');
    const agent = execFileSync('ssh-agent', ['-a', socket]).toString();
    const agentPid = Number(/SSH_AGENT_PID=(\d+)/.exec(agent)?.[1]);
    try {
      for (const type of ['rsa', 'ecdsa']) {
        const key = makeKey(sshd.dir, `key-${type}`, type);
        await sshd.authorize(await readFile(`${key}.pub`, 'utf8'));
        await withSsh((ssh, control) =>
          ssh.exec(hostOf({ name: type, port: sshd.port, privateKeyFile: key, hostKeys: [sshd.hostKey] }), request('true'), control),
        );
      }
      const locked = makeKey(sshd.dir, 'key-locked', 'ed25519', 'open sesame');
      await sshd.authorize(await readFile(`${locked}.pub`, 'utf8'));
      const host = hostOf({ name: 'locked', port: sshd.port, privateKeyFile: locked, hostKeys: [sshd.hostKey] });
      await withSsh((ssh, control) => ssh.exec({ ...host, login: { ...host.login, passphrase: new Secret('open sesame') } }, request('true'), control));
      assert.match((await failure(withSsh((ssh, control) => ssh.exec(host, request('true'), control)))).message, /cannot be read/);
      execFileSync('ssh-add', ['-q', makeAgentKey(sshd)], { env: { ...process.env, SSH_AUTH_SOCK: socket }, stdio: 'ignore' });
      await sshd.authorize(await readFile(join(sshd.dir, 'key-agent.pub'), 'utf8'));
      const byAgent = createSsh({ clock: systemClock, agentSocket: socket });
      await withSsh((ssh, control) => ssh.exec({ ...host, login: { agent: true } }, request('true'), control), byAgent);
    } finally {
      process.kill(agentPid);
    }
  });

  it('says which login failed when the key is wrong', async () => {
    const key = makeKey(sshd.dir, 'key-wrong');
    const host = hostOf({ name: 'wrong', port: sshd.port, privateKeyFile: key, hostKeys: [sshd.hostKey] });
    const error = await failure(withSsh((ssh, control) => ssh.exec(host, request('true'), control)));
    assert.deepEqual([error.code, error.retry], ['SSH_AUTH', 'never']);
    const absent = await failure(withSsh((ssh, control) => ssh.exec({ ...host, login: { privateKeyFile: '/no/such/key' } }, request('true'), control)));
    assert.match(absent.message, /does not exist/);
  });
});

function makeAgentKey({ dir }: Sshd): string {
  return makeKey(dir, 'key-agent');
}
