import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { sshPackage } from '../../../src/steps/ssh/index.ts';
import { hostKind } from '../../support/host-kind.ts';
import { type KindTarget, makeRepository, openRealHost, whyNoCopy } from '../../support/real-host.ts';
import { failsWith } from '../context.ts';

/** `npm run test:packages`: what only a real apt shows, on a throw-away copy of this Debian. The contract of kinds is its sample in `npm test`. */
const missing = whyNoCopy();

describe('ssh.package with a real apt', { skip: missing === undefined ? false : `not available: ${missing}` }, () => {
  const repository = mkdtempSync(join(tmpdir(), 'slipway-apt-'));
  chmodSync(repository, 0o755); // apt reads it as a user of its own
  let target: KindTarget;
  before(async () => {
    const sources = await makeRepository(repository, [
      { name: 'slipway-demo', version: '1.0' },
      { name: 'slipway-demo', version: '2.0' },
      { name: 'slipway-base', version: '1.5' },
      { name: 'slipway-top', version: '1.0', depends: 'slipway-base' },
      { name: 'slipway-rival', version: '1.0', conflicts: 'slipway-base' },
    ]);
    target = await openRealHost(sources);
  });
  after(async () => {
    await target[Symbol.asyncDispose]();
    rmSync(repository, { recursive: true });
  });
  const exec = async (script: string): Promise<string> => (await target.exec(script)).stdout;

  it('ssh.package removes nothing that was not named, says it before, and does it when it is allowed to', async () => {
    const kind = hostKind(sshPackage);
    await kind.executeHost({ packages: ['slipway-top'] }, target.context());
    const base = { packages: ['slipway-base'], state: 'absent' };
    assert.match((await kind.preview(base, target.preview()))[0]?.detail ?? '', /- slipway-top \(in the way: the step will be refused\)/);
    await assert.rejects(kind.executeHost(base, target.context()), failsWith('PACKAGE_REMOVES', /slipway-top/));
    await assert.rejects(
      kind.executeHost({ packages: ['slipway-rival'] }, target.context()),
      failsWith('PACKAGE_REMOVES', /slipway-base, slipway-top|slipway-top, slipway-base/),
    );
    assert.match(await exec('dpkg -s slipway-top'), /install ok installed/);
    assert.equal((await kind.executeHost({ ...base, removeOthers: true }, target.context())).status, 'changed');
    assert.doesNotMatch(await exec('dpkg -s slipway-top 2>/dev/null'), /install ok installed/);
  });

  it('ssh.package honours holds, downgrades only when told, keeps what somebody configured, and knows what there is not', async () => {
    const kind = hostKind(sshPackage);
    const at = (version: string, more: object = {}) => kind.executeHost({ packages: [{ name: 'slipway-demo', version }], ...more }, target.context());
    await at('1.0');
    await target.exec('echo mine >>/etc/slipway-demo.conf; apt-mark hold slipway-demo');
    await assert.rejects(at('2.0'), failsWith('PACKAGE_HELD', /slipway-demo 1\.0/));
    assert.equal((await kind.executeHost({ packages: ['slipway-demo'] }, target.context())).status, 'ok');
    await target.exec('apt-mark unhold slipway-demo');
    assert.equal((await at('2.0')).status, 'changed');
    assert.equal(await exec('cat /etc/slipway-demo.conf'), 'version 1.0\nmine\n');
    await assert.rejects(at('1.0'), failsWith('SSH_EXIT', /downgrade/i));
    assert.equal((await at('1.0', { allowDowngrade: true })).summary, '~ slipway-demo 2.0 → 1.0');
    await assert.rejects(at('9.9'), failsWith('SSH_EXIT', /9\.9/));
    await assert.rejects(kind.executeHost({ packages: ['slipway-none', 'bash'] }, target.context()), failsWith('PACKAGE_UNKNOWN', /slipway-none/));
  });

  it('ssh.package fetches lists that are old, and waits for whoever holds the lock', async () => {
    const kind = hostKind(sshPackage);
    await target.exec('find /var/lib/apt -maxdepth 2 -exec touch -d 2001-01-01 {} +');
    assert.equal((await kind.executeHost({ packages: ['bash'], refresh: '1h' }, target.context())).outputs['refreshed'], true);
    assert.equal((await kind.executeHost({ packages: ['bash'], refresh: '1h' }, target.context())).outputs['refreshed'], false);
    const hold = (seconds: number) =>
      target.exec(
        `perl -e 'open(my $f, ">>", "/var/lib/dpkg/lock-frontend"); my $p = pack("s s x4 q q l x4", 1, 0, 0, 0, 0); fcntl($f, 6, $p) or die; sleep ${seconds}' </dev/null >/dev/null 2>&1 & sleep 0.3`,
      );
    const wanted = { packages: ['slipway-rival'] };
    await hold(4);
    const patient = target.context();
    assert.equal((await kind.executeHost(wanted, patient)).status, 'changed');
    assert.ok(patient.lines.some((line) => /another program holds the lock; waiting/.test(line)));
    await hold(8);
    await assert.rejects(kind.executeHost({ ...wanted, state: 'absent', lockTimeout: '1s' }, target.context()), failsWith('PACKAGE_LOCKED'));
  });
});
