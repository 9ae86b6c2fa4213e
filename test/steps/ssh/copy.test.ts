import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { digestOfBytes, Secret } from '../../../src/core/index.ts';
import { sshCopy } from '../../../src/steps/ssh/index.ts';
import { hostKind } from '../../support/host-kind.ts';
import { type Rehearsed, rehearse } from '../../support/rehearsed.ts';

const kind = hostKind(sshCopy);

describe('ssh.copy', () => {
  let checkout: string;
  before(async () => {
    checkout = await mkdtemp(join(tmpdir(), 'slipway-checkout-'));
    await mkdir(join(checkout, 'files'));
    await writeFile(join(checkout, 'files', 'app.conf'), 'one\ntwo\nthree\n');
    await writeFile(join(checkout, 'files', 'logo'), Buffer.from([0, 1, 2, 255]));
  });
  after(() => rm(checkout, { recursive: true }));
  const copy = (box: Rehearsed, raw: object) => kind.executeHost(raw, box.context('web', {}, checkout));
  const look = async (box: Rehearsed, raw: object) => {
    const preview = await kind.preview(raw, box.preview(['web'], {}, checkout));
    assert.ok(preview[0]);
    return preview[0];
  };

  it('writes a file once, with its folder, and is content when it is there', async () => {
    await using box = await rehearse({ web: {} });
    const wanted = { src: 'files/app.conf', dest: '/etc/app/deep/app.conf', mode: '0640' };
    const outcome = await copy(box, wanted);
    assert.deepEqual(outcome, {
      status: 'changed',
      outputs: { digest: digestOfBytes('one\ntwo\nthree\n'), backup: null },
      summary: '/etc/app/deep/app.conf written',
    });
    assert.equal((await box.ssh.read(box.host('web'), wanted.dest, 100, box.control))?.mode, 0o640);
    const effects = box.world.ledger().length;
    assert.equal((await copy(box, wanted)).status, 'ok');
    assert.equal(box.world.ledger().length, effects);
    assert.equal((await copy(box, { ...wanted, mode: '0600' })).status, 'changed');
    assert.equal((await copy(box, { src: 'files/app.conf', dest: wanted.dest })).status, 'ok');
  });

  it('keeps what it replaces when it is told to', async () => {
    await using box = await rehearse({ web: { files: { '/etc/app.conf': 'old\n' } } });
    const outcome = await copy(box, { content: 'new\n', dest: '/etc/app.conf', backup: true });
    const { backup } = sshCopy.outputs.parse(outcome.outputs);
    assert.ok(backup !== null);
    assert.match(backup, /^\/etc\/app\.conf\.\d{8}T\d{6}Z~$/);
    assert.equal((await box.exec('web', `cat ${backup} /etc/app.conf`)).stdout, 'old\nnew\n');
    assert.equal((await copy(box, { content: 'new\n', dest: '/etc/app.conf', backup: true })).outputs['backup'], null);
  });

  it('changes the owner when it is another', async () => {
    await using box = await rehearse({ web: { files: { '/etc/app.conf': 'x' } } });
    const wanted = { content: 'x', dest: '/etc/app.conf', owner: 'slipway', group: 'slipway' };
    assert.match((await look(box, wanted)).detail ?? '', /owner root:root → slipway:slipway/);
    assert.equal((await copy(box, wanted)).status, 'changed');
    assert.equal((await copy(box, wanted)).status, 'ok');
  });

  it('shows the difference before a run, as a unified diff', async () => {
    await using box = await rehearse({ web: { files: { '/etc/app.conf': 'one\n2\nthree\n' } } });
    const wanted = { src: 'files/app.conf', dest: '/etc/app.conf' };
    assert.deepEqual(await look(box, wanted), {
      host: 'web',
      verdict: 'wouldChange',
      detail: '--- /etc/app.conf\n+++ /etc/app.conf\n@@ -1,3 +1,3 @@\n one\n-2\n+two\n three',
    });
    const fresh = await look(box, { ...wanted, dest: '/etc/new.conf' });
    assert.match(fresh.detail ?? '', /^new file \/etc\/new\.conf, mode 0644\n--- \/dev\/null\n\+\+\+ \/etc\/new\.conf\n@@ -0,0 \+1,3 @@\n\+one/);
    await copy(box, wanted);
    assert.deepEqual(await look(box, wanted), { host: 'web', verdict: 'ok' });
    assert.match((await look(box, { ...wanted, mode: '0600' })).detail ?? '', /^mode 0644 → 0600$/);
  });

  it('never shows what may be secret', async () => {
    await using box = await rehearse({
      web: { files: { '/etc/app.conf': 'db.password = tulip-garden\nurl=postgres://app:tulip-garden@db/x\nport = 1\n', '/etc/private': 'tulip-garden\n' } },
    });
    await box.exec('web', 'chmod 600 /etc/private');
    const shown = await look(box, { content: 'db.password = rose-garden\nport = 2\n', dest: '/etc/app.conf' });
    assert.ok(shown.detail?.includes('-port = 1\n') && shown.detail.includes('db.password = [hidden]'));
    const secret = await look(box, { content: new Secret('rose-garden\n'), dest: '/etc/app.conf' });
    const hidden = await look(box, { content: 'rose-garden\n', dest: '/etc/private', mode: '0600' });
    assert.equal(hidden.detail, 'private content: 1 lines go, 1 lines come');
    const binary = await look(box, { src: 'files/logo', dest: '/etc/app.conf' });
    assert.match(binary.detail ?? '', /binary content: \d+ → 4 bytes/);
    for (const { detail } of [shown, secret, hidden, binary]) assert.doesNotMatch(detail ?? '', /(tulip|rose)-garden/);
  });

  it('copies bytes as they are', async () => {
    await using box = await rehearse({ web: {} });
    await copy(box, { src: 'files/logo', dest: '/srv/logo' });
    assert.deepEqual(Buffer.from((await box.ssh.read(box.host('web'), '/srv/logo', 10, box.control))?.content ?? []), Buffer.from([0, 1, 2, 255]));
  });

  it('refuses shapes that make no sense', () => {
    const bad = [
      { dest: '/x' },
      { src: 'a', content: 'b', dest: '/x' },
      { src: 'a', dest: 'x' },
      { src: 'a', dest: '/x/' },
      { src: 'a', dest: '/x', mode: 'rw' },
      { src: 'a', dest: '/x', owner: '-R' },
    ];
    for (const raw of bad) assert.equal(kind.accepts(raw), false, JSON.stringify(raw));
  });
});
