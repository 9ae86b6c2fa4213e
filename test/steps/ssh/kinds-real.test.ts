import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Secret } from '../../../src/core/index.ts';
import { sshCopy, sshFacts, sshLine, sshPackage, sshService, sshUser } from '../../../src/steps/ssh/index.ts';
import { hostKind } from '../../support/host-kind.ts';
import { type KindTarget, makeRepository, openRealHost, standIn, whyNoCopy } from '../../support/real-host.ts';
import { failsWith } from '../context.ts';
import { KEY_A, kindsContract } from './kinds-contract.ts';

const missing = whyNoCopy();
const skip = missing === undefined ? false : `not available: ${missing}`;
const UNITS = `mkdir -p /run/systemd/system\n${standIn('systemctl.sh', '/usr/bin/systemctl')}`;

describe('in a copy of this Debian', { skip }, () => {
  const repository = mkdtempSync(join(tmpdir(), 'slipway-apt-'));
  chmodSync(repository, 0o755); // apt reads it as a user of its own
  let sources: string;
  before(async () => {
    sources = await makeRepository(repository, [
      { name: 'slipway-demo', version: '1.0' },
      { name: 'slipway-demo', version: '2.0' },
      { name: 'slipway-base', version: '1.5' },
    ]);
  });
  after(() => rmSync(repository, { recursive: true }));

  // The files are made before the copy is: it sees them below.
  kindsContract('a real sshd with apt, a stand-in for systemd', () => openRealHost(`${sources}${UNITS}mkdir -p /var/lib/fake-units/demo.service`));

  describe('what only real tools show', () => {
    let target: KindTarget;
    before(async () => (target = await openRealHost(`${sources}${UNITS}`)));
    after(() => target[Symbol.asyncDispose]());
    const exec = async (script: string): Promise<string> => (await target.exec(script)).stdout;

    it('nothing of it happens on this machine', async () => {
      await target.exec('touch /etc/slipway-copy-only; apt-get -q -y install slipway-base >/dev/null');
      assert.equal(await exec('cat /etc/slipway-base.conf; ls /etc/slipway-copy-only'), 'version 1.5\n/etc/slipway-copy-only\n');
      assert.throws(() => execFileSync('ls', ['/etc/slipway-copy-only'], { stdio: 'ignore' }));
      assert.throws(() => execFileSync('dpkg', ['-s', 'slipway-base'], { stdio: 'ignore' }));
    });

    it('ssh.service reads changed unit files, says why a service does not start or does not last, and asks static ones for nothing', async () => {
      const kind = hostKind(sshService);
      await target.exec(
        'mkdir -p /var/lib/fake-units; cd /var/lib/fake-units && mkdir old.service broken.service dies.service once.service fixed.service && touch old.service/stale broken.service/broken dies.service/dies once.service/oneshot fixed.service/static',
      );
      assert.deepEqual((await kind.executeHost({ unit: 'old', state: 'started' }, target.context())).outputs['actions'], ['daemon-reload', 'start']);
      await assert.rejects(kind.executeHost({ unit: 'broken', state: 'started' }, target.context()), failsWith('SSH_EXIT', /control process exited/));
      await assert.rejects(
        kind.executeHost({ unit: 'dies', state: 'started', settle: '100ms' }, target.context()),
        failsWith('SERVICE_FAILED', /it is failed/),
      );
      assert.equal((await kind.executeHost({ unit: 'once', state: 'started' }, target.context())).status, 'changed');
      await assert.rejects(kind.executeHost({ unit: 'old', state: 'reloaded' }, target.context()), failsWith('SERVICE_STATE', /cannot reload/));
      assert.equal((await kind.executeHost({ unit: 'fixed', enabled: true }, target.context())).status, 'ok');
    });

    it('ssh.user shows no password to anybody, and does not follow links of the account', async () => {
      const kind = hostKind(sshUser);
      const user = { name: 'slip-eve', authorizedKeys: [KEY_A] };
      await kind.executeHost(user, target.context());
      assert.match(await exec('stat -c "%a %U" /home/slip-eve/.ssh /home/slip-eve/.ssh/authorized_keys'), /^700 slip-eve\n600 slip-eve\n$/);
      await target.exec('rm -rf /home/slip-eve/.ssh && mkdir -p /srv/victim && ln -s /srv/victim /home/slip-eve/.ssh');
      await assert.rejects(kind.executeHost(user, target.context()), failsWith('USER_UNSAFE'));
      await target.exec('rm /home/slip-eve/.ssh && mkdir /home/slip-eve/.ssh && ln -s /etc/shadow /home/slip-eve/.ssh/authorized_keys');
      await assert.rejects(kind.executeHost(user, target.context()), failsWith('USER_UNSAFE'));
      assert.equal(await exec('ls -A /srv/victim'), '');
      await assert.rejects(kind.executeHost({ ...user, passwordHash: new Secret('plain-password') }, target.context()), failsWith('USER_PASSWORD'));
      const shown = await kind.executeHost({ name: 'slip-eve', passwordHash: new Secret('$6$x$tulipgarden') }, target.context());
      assert.match(await exec('grep slip-eve /etc/shadow'), /\$6\$x\$tulipgarden/);
      assert.doesNotMatch(JSON.stringify(shown), /tulip/);
      const asEve = { ...target.context(), options: { timeoutMs: 20_000, become: { user: 'nobody', method: 'su' as const } } };
      await target.exec('usermod -s /bin/sh nobody');
      await assert.rejects(kind.executeHost({ name: 'slip-eve', shell: '/bin/dash' }, asEve), failsWith('NEEDS_ROOT'));
    });

    it('a draft that is refused leaves the file and nothing else', async () => {
      await target.exec('printf "Port 22\\n" >/etc/slip.conf; chmod 604 /etc/slip.conf; chown nobody /etc/slip.conf');
      const wanted = { path: '/etc/slip.conf', line: 'Port nonsense', match: '^Port ', validate: ['/usr/sbin/sshd', '-T', '-f', '{file}'] };
      await assert.rejects(hostKind(sshLine).executeHost(wanted, target.context()), failsWith('SSH_VALIDATE', /sshd refuses the draft/));
      await assert.rejects(
        hostKind(sshCopy).executeHost({ content: 'x', dest: '/etc/slip.conf', validate: ['no-such-program', '{file}'] }, target.context()),
        failsWith('SSH_VALIDATE', /there is no program no-such-program/),
      );
      assert.equal(await exec('cat /etc/slip.conf; ls -A /etc | grep -c slip.conf.slipway || true'), 'Port 22\n0\n');
      const hostile = { ...wanted, line: 'Port 2222', validate: ['grep', '-q', "it's $(touch /etc/slip-hacked) 2222", '{file}'] };
      await assert.rejects(hostKind(sshLine).executeHost(hostile, target.context()), failsWith('SSH_VALIDATE'));
      assert.notEqual((await target.exec('test -e /etc/slip-hacked')).exitCode, 0);
      await hostKind(sshLine).executeHost({ ...wanted, line: 'Port 2222', validate: ['grep', '-q', '2222', '{file}'] }, target.context());
      assert.equal(await exec('cat /etc/slip.conf; stat -c %a /etc/slip.conf'), 'Port 2222\n604\n');
    });

    it('says what a kind cannot do there before anything is touched', async () => {
      await target.exec('mv /usr/bin/apt-get /usr/bin/apt-gone; mv /usr/sbin/useradd /usr/sbin/useradd-gone; mv /run/systemd /run/systemd-gone');
      try {
        await assert.rejects(
          hostKind(sshPackage).executeHost({ packages: ['bash'], manager: 'apt' }, target.context()),
          failsWith('UNSUPPORTED_PLATFORM', /Linux with .*while apt is wanted/),
        );
        await assert.rejects(hostKind(sshUser).executeHost({ name: 'x' }, target.context()), failsWith('UNSUPPORTED_PLATFORM', /adduser/));
        await assert.rejects(
          hostKind(sshService).executeHost({ unit: 'x', state: 'started' }, target.context()),
          failsWith('UNSUPPORTED_PLATFORM', /ssh\.service knows systemd, and real runs /),
        );
      } finally {
        await target.exec('mv /usr/bin/apt-gone /usr/bin/apt-get; mv /usr/sbin/useradd-gone /usr/sbin/useradd; mv /run/systemd-gone /run/systemd');
      }
    });
  });

  describe('a machine with dnf (a stand-in), and a shell in another language', () => {
    let target: KindTarget;
    before(async () => {
      const files = `cd /var/lib/fake-dnf; printf '1.0-1.el9\\n2.0-1.el9\\n' >available/slipway-demo; echo 5-1.el9 >available/slipway-base; echo 5-1.el9 >installed/slipway-base\n`;
      target = await openRealHost(
        `mkdir -p /var/lib/fake-dnf/available /var/lib/fake-dnf/installed /var/lib/fake-dnf/needed\n${files}${standIn('dnf.sh', '/usr/bin/dnf', '/usr/bin/rpm')}rm -f /usr/bin/apt-get\n`,
      );
    });
    after(() => target[Symbol.asyncDispose]());
    const kind = hostKind(sshPackage);
    const run = (raw: object, context = target.context()) => kind.executeHost(raw, context);

    it('installs, updates, downgrades when told, and removes', async () => {
      const exact = { packages: [{ name: 'slipway-demo', version: '1.0-1.el9' }] };
      assert.equal((await run({ ...exact, refresh: '1h' })).summary, '+ slipway-demo 1.0-1.el9');
      assert.equal((await run(exact)).status, 'ok');
      assert.equal((await run({ packages: ['slipway-demo'], state: 'latest' })).summary, '~ slipway-demo 1.0-1.el9 → 2.0-1.el9');
      await assert.rejects(run(exact), failsWith('PACKAGE_DOWNGRADE', /slipway-demo 2\.0-1\.el9 → 1\.0-1\.el9/));
      assert.equal((await run({ ...exact, allowDowngrade: true })).summary, '~ slipway-demo 2.0-1.el9 → 1.0-1.el9');
      assert.equal((await run({ packages: ['slipway-demo'], state: 'absent' })).status, 'changed');
      await assert.rejects(run({ packages: ['slipway-none'] }), failsWith('PACKAGE_UNKNOWN'));
    });

    it('honours locks and dependents, and waits for another dnf', async () => {
      await target.exec("cd /var/lib/fake-dnf; echo 'slipway-base-0:5-1.el9.*' >locks; echo slipway-top >needed/slipway-base");
      await assert.rejects(run({ packages: ['slipway-base'], state: 'absent' }), failsWith('PACKAGE_HELD'));
      await target.exec('rm /var/lib/fake-dnf/locks');
      await assert.rejects(run({ packages: ['slipway-base'], state: 'absent' }), failsWith('PACKAGE_REMOVES', /slipway-top/));
      await target.exec('echo 2 >/var/lib/fake-dnf/locked');
      const patient = target.context();
      assert.equal((await run({ packages: ['slipway-demo'] }, patient)).status, 'changed');
      assert.ok(patient.lines.some((line) => /holds the lock; waiting/.test(line)));
    });

    it('facts do not depend on the language of the machine', async () => {
      await target.exec('printf "LANG=de_DE.UTF-8\\nLC_ALL=tr_TR.UTF-8\\n" >>/etc/environment');
      const facts = sshFacts.outputs.parse((await hostKind(sshFacts).executeHost({ fresh: true }, target.context())).outputs);
      assert.equal(facts.packageManager, 'dnf');
    });
  });
});
