import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { sshArchive, sshCopy, sshFacts, sshLine, sshPackage, sshRun, sshScript, sshService, sshTemplate, sshUser } from '../../../src/steps/ssh/index.ts';
import type { Host, HostContext, HostOptions } from '../../../src/steps/index.ts';
import { hostKind } from '../../support/host-kind.ts';
import { type Rehearsed, rehearse } from '../../support/rehearsed.ts';
import { failsWith } from '../context.ts';
import { KEY_A } from './kinds-contract.ts';

/** A rehearsed Windows: what real PowerShell would do with the same bytes was not tried here; test/effects/ssh/powershell.test.ts pins them. */
describe('kinds of steps on a rehearsed Windows', () => {
  let checkout: string;
  let box: Rehearsed;
  before(async () => {
    checkout = await mkdtemp(join(tmpdir(), 'slipway-checkout-'));
    await writeFile(join(checkout, 'install.ps1'), 'exit 0\n');
    await writeFile(join(checkout, 'app.tpl'), 'os = ${{ facts.osFamily }}\r\n');
    box = await rehearse({ win: { os: 'Microsoft Windows Server 2022 Standard', commands: [{ match: '^Get-Service', exit: 4, stdout: 'Running\n' }] } });
  });
  after(async () => {
    await box[Symbol.asyncDispose]();
    await rm(checkout, { recursive: true });
  });
  const onWindows = (host: Host): Host => ({ ...host, shell: 'powershell' });
  const context = (options: Partial<HostOptions> = {}): HostContext => {
    const made = box.context('win', options, checkout);
    return { ...made, host: onWindows(made.host) };
  };
  const preview = () => ({ ...box.preview(['win'], {}, checkout), hosts: [context().host] });

  it('facts, text of its own shell with guards, and scripts', async () => {
    const facts = sshFacts.outputs.parse((await hostKind(sshFacts).executeHost({}, context())).outputs);
    assert.deepEqual([facts.osId, facts.osFamily, facts.osVersion, facts.packageManager, facts.init], ['windows', 'windows', '2022', '', 'windows']);
    assert.deepEqual(facts.disks?.[0]?.mount, 'C:\\');
    const run = hostKind(sshRun);
    assert.deepEqual((await run.executeHost({ cmd: 'Get-Service erp', okExitCodes: [4] }, context())).outputs, {
      exitCode: 4,
      stdout: 'Running\n',
      stderr: '',
    });
    await assert.rejects(run.executeHost({ cmd: 'dir', shell: '/bin/bash' }, context()), failsWith('SSH_VALUE', /is PowerShell/));
    await assert.rejects(
      run.executeHost({ cmd: 'dir' }, context({ become: { user: 'root', method: 'sudo' } })),
      failsWith('SSH_VALUE', /become does not work on Windows/),
    );
    const script = hostKind(sshScript);
    assert.equal((await script.executeHost({ path: 'install.ps1', args: ['a b'] }, context())).status, 'changed');
    await assert.rejects(script.executeHost({ path: 'app.tpl' }, context()), failsWith('UNSUPPORTED_PLATFORM', /\.tpl|app\.tpl/));
  });

  it('files: with their folder, once, shown before, and never with what Windows does not know', async () => {
    const copy = hostKind(sshCopy);
    const wanted = { content: 'a = 1\n', dest: 'C:\\erp\\conf\\app.conf' };
    assert.match((await copy.preview(wanted, preview()))[0]?.detail ?? '', /^new file C:\\erp\\conf\\app\.conf/);
    assert.equal((await copy.executeHost(wanted, context())).status, 'changed');
    assert.equal((await copy.executeHost({ ...wanted, dest: 'C:/erp/conf/app.conf' }, context())).status, 'ok');
    assert.equal((await hostKind(sshRun).executeHost({ cmd: 'x' }, context({ creates: 'C:\\erp\\conf\\app.conf' }))).status, 'skipped');
    assert.equal((await hostKind(sshLine).executeHost({ path: wanted.dest, line: 'b = 2' }, context())).status, 'changed');
    assert.equal((await hostKind(sshTemplate).executeHost({ src: 'app.tpl', dest: 'C:/erp/made.conf', backup: true }, context())).status, 'changed');
    assert.deepEqual(
      (await copy.preview({ content: 'a = 1\nb = 2\n', dest: wanted.dest }, preview())).map(({ verdict }) => verdict),
      ['ok'],
    );
    for (const extra of [{ mode: '0600' }, { owner: 'root' }, { group: 'adm' }, { validate: ['check', '{file}'] }, { dest: '/etc/app.conf' }])
      await assert.rejects(copy.executeHost({ ...wanted, ...extra }, context()), failsWith('UNSUPPORTED_PLATFORM'));
    await assert.rejects(copy.executeHost(wanted, box.context('win')), failsWith('UNSUPPORTED_PLATFORM', /is no path on win/));
  });

  it('says what does not work there before anything is touched', async () => {
    await writeFile(join(checkout, 'x.tar'), '');
    const before_ = box.world.ledger().length;
    for (const [kind, raw] of [
      [hostKind(sshPackage), { packages: ['nginx'] }],
      [hostKind(sshService), { unit: 'nginx', state: 'started' }],
      [hostKind(sshUser), { name: 'ada', authorizedKeys: [KEY_A] }],
    ] as const) {
      await assert.rejects(kind.executeHost(raw, context()), failsWith('UNSUPPORTED_PLATFORM', /the shell of win is PowerShell/));
      assert.equal((await kind.preview(raw, preview()))[0]?.verdict, 'unknown');
    }
    await assert.rejects(hostKind(sshArchive).executeHost({ src: 'x.tar', dest: '/opt/x' }, context()), failsWith('ARCHIVE'));
    assert.equal(box.world.ledger().length, before_);
  });
});
