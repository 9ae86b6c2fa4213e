import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Secret } from '../../../src/core/index.ts';
import { sshArchive, sshCopy, sshFacts, sshLine, sshPackage, sshService, sshTemplate, sshUser } from '../../../src/steps/ssh/index.ts';
import { type HostKind, hostKind } from '../../support/host-kind.ts';
import type { KindTarget } from '../../support/real-host.ts';
import { failsWith } from '../context.ts';

export const KEY_A = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ0m1XvI0Ff1s4Yw4Y0mIhZ0e4z1s2k3l4m5n6o7p8q9 ada@example';
export const KEY_B = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBBBBBvI0Ff1s4Yw4Y0mIhZ0e4z1s2k3l4m5n6o7p8q9 bob@example';
const HASH = '$6$saltsalt$qFmFH.bQmmtXzyBY0s9v7Oicd2z4XSIecDzlB5KiA2/jctKu9YterLp8wwnSq.qc.eoxqOmSuNp2xS0ktL3nh/';

/** What every machine must do alike, real or rehearsed. The machine has units demo (stopped) and packages slipway-demo 1.0 and 2.0 and slipway-base to be had. */
export function kindsContract(name: string, open: () => Promise<KindTarget>): void {
  describe(`kinds of steps on hosts: ${name}`, () => {
    let target: KindTarget;
    before(async () => {
      target = await open();
      await writeRepository(target.checkout);
    });
    after(() => target[Symbol.asyncDispose]());

    const run = (kind: HostKind, raw: object) => kind.executeHost(raw, target.context());
    const look = async (kind: HostKind, raw: object) => (await kind.preview(raw, target.preview()))[0];
    const read = async (path: string): Promise<string> => (await target.exec(`cat ${path}`)).stdout;

    /** The preview says so, the run does it, and afterwards both find it done. */
    const settles = async (kind: HostKind, raw: object, detail?: RegExp) => {
      const before_ = await look(kind, raw);
      assert.equal(before_?.verdict, 'wouldChange', before_?.detail);
      if (detail) assert.match(before_?.detail ?? '', detail);
      const outcome = await run(kind, raw);
      assert.equal(outcome.status, 'changed', outcome.summary);
      assert.deepEqual(await look(kind, raw), { host: target.preview().hosts[0]?.name, verdict: 'ok' });
      const again = await run(kind, raw);
      assert.equal(again.status, 'ok', again.summary);
      return outcome;
    };

    it('ssh.copy and ssh.template: a file, judged before it is put in place', async () => {
      const copy = hostKind(sshCopy);
      await settles(copy, { content: 'a = 1\n', dest: '/etc/slipway-test/app.conf', mode: '0644' }, /^new file/);
      await settles(copy, { content: 'a = 2\n', dest: '/etc/slipway-test/app.conf', validate: ['grep', '-q', 'a = 2', '{file}'] }, /-a = 1\n\+a = 2/);
      assert.equal(await read('/etc/slipway-test/app.conf'), 'a = 2\n');
      await settles(
        hostKind(sshTemplate),
        { src: 'app.tpl', dest: '/etc/slipway-test/made.conf', vars: { port: 8080, peers: ['x', 'y'], token: new Secret('tulip-garden') } },
        /secret content|new file/,
      );
      assert.equal(await read('/etc/slipway-test/made.conf'), 'port = 8080\npeer = x\npeer = y\nfamily = debian\ntoken = tulip-garden\n');
      assert.equal((await target.exec('ls -A /etc/slipway-test')).stdout, 'app.conf\nmade.conf\n');
    });

    it('ssh.line: one line', async () => {
      const line = hostKind(sshLine);
      await settles(line, { path: '/etc/slipway-test/lines', line: 'Port 22', create: true });
      await settles(line, { path: '/etc/slipway-test/lines', line: 'Port 2222', match: '^#?Port ' }, /-Port 22\n\+Port 2222/);
      await settles(line, { path: '/etc/slipway-test/lines', line: '# first', insert: 'start' });
      await settles(line, { path: '/etc/slipway-test/lines', match: '^#', state: 'absent' });
      assert.equal(await read('/etc/slipway-test/lines'), 'Port 2222\n');
    });

    it('ssh.package: exactly one version, then the newest, then none', async () => {
      const kind = hostKind(sshPackage);
      const exact = { packages: [{ name: 'slipway-demo', version: '1.0' }, 'slipway-base'] };
      const outcome = await settles(kind, exact, /^\+ slipway-demo 1\.0\n\+ slipway-base 1\.5$/m);
      assert.deepEqual(outcome.outputs['changes'], [
        { name: 'slipway-demo', from: null, to: '1.0' },
        { name: 'slipway-base', from: null, to: '1.5' },
      ]);
      assert.equal((await run(kind, { packages: ['slipway-demo'] })).status, 'ok');
      await settles(kind, { packages: ['slipway-demo'], state: 'latest' }, /~ slipway-demo 1\.0 → 2\.0/);
      await settles(kind, { packages: ['slipway-demo'], state: 'absent', purge: true }, /- slipway-demo 2\.0/);
    });

    it('ssh.service: starts, starts with the machine, restarts every time, and stops', async () => {
      const kind = hostKind(sshService);
      await settles(kind, { unit: 'demo', state: 'started', enabled: true }, /^enable, start/);
      assert.deepEqual((await run(kind, { unit: 'demo', state: 'restarted' })).outputs, { actions: ['restart'], active: 'active', enabled: 'enabled' });
      assert.equal((await run(kind, { unit: 'demo', state: 'restarted' })).status, 'changed');
      assert.equal((await kind.probeHost({ unit: 'demo', state: 'restarted' }, target.context())).verdict, 'unknown');
      await settles(kind, { unit: 'demo.service', state: 'stopped', enabled: false, masked: false }, /^disable, stop/);
      await settles(kind, { unit: 'demo', masked: true }, /^mask/);
      await assert.rejects(run(kind, { unit: 'demo', state: 'started' }), failsWith('SERVICE_STATE', /masked/));
      await assert.rejects(run(kind, { unit: 'nowhere', state: 'started' }), failsWith('SERVICE_UNKNOWN', /nowhere\.service/));
      assert.equal((await run(kind, { unit: 'nowhere', state: 'stopped' })).status, 'ok');
    });

    it('ssh.user: an account with groups, password and keys', async () => {
      const kind = hostKind(sshUser);
      const whole = {
        name: 'slip-ada',
        uid: 4321,
        groups: ['adm', 'slip-new'],
        shell: '/bin/sh',
        comment: 'Ada',
        authorizedKeys: [KEY_A],
        passwordHash: new Secret(HASH),
      };
      const { outputs } = await settles(kind, whole, /^new user slip-ada\nnew group slip-new\nuid 4321[^]*\+ssh-ed25519/);
      assert.deepEqual(outputs['home'], '/home/slip-ada');
      assert.equal(await read('/home/slip-ada/.ssh/authorized_keys'), `${KEY_A}\n`);
      await settles(kind, { ...whole, authorizedKeys: [KEY_B] });
      assert.equal(await read('/home/slip-ada/.ssh/authorized_keys'), `${KEY_A}\n${KEY_B}\n`);
      await settles(kind, { ...whole, authorizedKeys: [KEY_B], keysMode: 'exact' }, new RegExp(`-${KEY_A.slice(0, 40)}`));
      assert.equal(await read('/home/slip-ada/.ssh/authorized_keys'), `${KEY_B}\n`);
      await settles(
        kind,
        { name: 'slip-ada', groups: ['adm'], groupsMode: 'exact', shell: '/bin/bash' },
        /groups adm,slip-new → adm|groups slip-new,adm → adm/,
      );
      await settles(kind, { name: 'slip-ada', state: 'absent', removeHome: true }, /user slip-ada goes/);
      assert.notEqual((await target.exec('test -e /home/slip-ada')).exitCode, 0);
    });

    it('ssh.archive: a folder that is replaced as a whole', async () => {
      const kind = hostKind(sshArchive);
      const first = { src: 'app-1.tar.gz', dest: '/opt/slipway-test/app', strip: 1 };
      const { outputs } = await settles(kind, first, /^\/opt\/slipway-test\/app: 3 files, \d+ bytes \(new folder\)$/);
      assert.equal(outputs['files'], 3);
      assert.equal(await read('/opt/slipway-test/app/bin/run'), '#!/bin/sh\necho one\n');
      await settles(kind, { ...first, src: 'app-2.zip' }, /another archive is unpacked there/);
      assert.equal(await read('/opt/slipway-test/app/bin/run'), '#!/bin/sh\necho two\n');
      assert.equal((await target.exec('ls -A /opt/slipway-test/app')).stdout, '.slipway-archive\n.slipway-manifest\nbin\nonly-in-two\nÄpfel & Birnen.txt\n');
      await target.exec('echo changed >/opt/slipway-test/app/bin/run');
      assert.equal((await run(kind, { ...first, src: 'app-2.zip' })).status, 'ok');
      await settles(kind, { ...first, src: 'app-2.zip', verify: true }, /files there were changed/);
      await target.exec('mkdir -p /opt/slipway-test/mine && echo mine >/opt/slipway-test/mine/file');
      await assert.rejects(run(kind, { ...first, dest: '/opt/slipway-test/mine' }), failsWith('ARCHIVE_OCCUPIED'));
      assert.equal(await read('/opt/slipway-test/mine/file'), 'mine\n');
      assert.equal((await target.exec('ls -A /opt/slipway-test')).stdout, 'app\nmine\n');
    });

    it('a step in doubt looks', async () => {
      const verdict = async (kind: HostKind, raw: object) => (await kind.probeHost(raw, target.context())).verdict;
      const line = { path: '/etc/slipway-test/lines', line: 'Port 2222' };
      assert.deepEqual(await Promise.all([verdict(hostKind(sshLine), line), verdict(hostKind(sshLine), { ...line, line: 'x' })]), ['done', 'notDone']);
      assert.equal(await verdict(hostKind(sshPackage), { packages: ['slipway-base'] }), 'done');
      assert.equal(await verdict(hostKind(sshUser), { name: 'slip-ada' }), 'notDone');
      assert.equal(await verdict(hostKind(sshArchive), { src: 'app-1.tar.gz', dest: '/opt/slipway-test/app', strip: 1 }), 'notDone');
    });

    it('ssh.facts: what the machine says of itself', async () => {
      const facts = sshFacts.outputs.parse((await run(hostKind(sshFacts), {})).outputs);
      assert.deepEqual([facts.osId, facts.osFamily, facts.osVersion, facts.packageManager], ['debian', 'debian', '12', 'apt']);
      assert.ok((facts.cpus ?? 0) > 0 && (facts.memoryBytes ?? 0) > 0);
    });
  });
}

/** The files that the steps above read, with archives made by the real tools. */
async function writeRepository(checkout: string): Promise<void> {
  await writeFile(
    join(checkout, 'app.tpl'),
    'port = ${{ vars.port }}\n${{# for peer in vars.peers }}\npeer = ${{ peer }}\n${{# end }}\nfamily = ${{ facts.osFamily }}\ntoken = ${{ vars.token }}\n',
  );
  for (const [version, word] of [
    ['1', 'one'],
    ['2', 'two'],
  ] as const) {
    const tree = join(checkout, `app-${version}`);
    await mkdir(join(tree, 'bin'), { recursive: true });
    await writeFile(join(tree, 'bin', 'run'), `#!/bin/sh\necho ${word}\n`, { mode: 0o755 });
    await writeFile(join(tree, 'Äpfel & Birnen.txt'), 'x'.repeat(10_000));
    await writeFile(join(tree, `only-in-${word}`), '');
  }
  execFileSync('tar', ['-C', checkout, '-czf', join(checkout, 'app-1.tar.gz'), 'app-1']);
  execFileSync('zip', ['-q', '-r', join(checkout, 'app-2.zip'), 'app-2'], { cwd: checkout });
}
