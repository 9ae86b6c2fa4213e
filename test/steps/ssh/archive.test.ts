import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { digestOfBytes, SlipwayError } from '../../../src/core/index.ts';
import { type RawEntry, safeEntries } from '../../../src/steps/ssh/archive/entries.ts';
import { formatOf, readArchive } from '../../../src/steps/ssh/archive/read.ts';
import { writeTar } from '../../../src/steps/ssh/archive/tar.ts';
import { sshArchive } from '../../../src/steps/ssh/index.ts';
import type { HttpPort, Ports } from '../../../src/steps/index.ts';
import { hostKind } from '../../support/host-kind.ts';
import { rehearse } from '../../support/rehearsed.ts';
import { failsWith } from '../context.ts';

const kind = hostKind(sshArchive);
const entry = (name: string, more: Partial<RawEntry> = {}): RawEntry => ({ name, type: 'file', mode: 0o644, modified: 0, ...more });

describe('members of an archive', () => {
  const hostile: readonly (readonly [string, readonly RawEntry[]])[] = [
    ['a path upwards', [entry('../x')]],
    ['a path upwards in the middle', [entry('a/../../x')]],
    ['an absolute path', [entry('/etc/passwd')]],
    ['a drive', [entry('C:/x')]],
    ['a backslash', [entry('a\\..\\..\\x')]],
    ['a NUL', [entry('a\0b')]],
    ['a line end', [entry('a\nb')]],
    ['a link to an absolute path', [entry('a', { type: 'symlink', target: '/etc' })]],
    ['a link upwards', [entry('d/a', { type: 'symlink', target: '../../etc' })]],
    ['a file through a link', [entry('a', { type: 'symlink', target: 'b' }), entry('a/x')]],
    ['a link that comes after the file that goes through it', [entry('a/x'), entry('a', { type: 'symlink', target: 'b' })]],
    ['a file through a file', [entry('a'), entry('a/x')]],
    ['a folder in place of a file', [entry('a'), entry('a', { type: 'directory' })]],
    ['a hard link to what is not there', [entry('a', { type: 'link', target: '/etc/shadow' })]],
    ['a hard link to a link', [entry('l', { type: 'symlink', target: 'x' }), entry('a', { type: 'link', target: 'l' })]],
    ['a device', [entry('a', { type: 'other' })]],
    ['our own marker', [entry('.slipway-archive')]],
  ];
  for (const [what, raw] of hostile) it(`refuses ${what}`, () => assert.throws(() => safeEntries(raw, 0), failsWith('ARCHIVE_UNSAFE')));

  it('keeps what is fine, without the bits that lend rights, and takes the front of paths away', () => {
    const raw = [
      entry('./app/', { type: 'directory', mode: 0 }),
      entry('app/run', { mode: 0o6755, content: Buffer.from('x') }),
      entry('app/b/l', { type: 'symlink', target: '../run' }),
      entry('app/same', { type: 'link', target: 'app/run' }),
    ];
    assert.deepEqual(
      safeEntries(raw, 1).map(({ path, type, mode, content }) => [path, type, mode.toString(8), content?.toString()]),
      [
        ['run', 'file', '755', 'x'],
        ['b/l', 'symlink', '777', undefined],
        ['same', 'file', '755', 'x'],
      ],
    );
  });
});

describe('ssh.archive', () => {
  let dir: string;
  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'slipway-archive-'));
    await mkdir(join(dir, 'app', 'deep', 'x'.repeat(120)), { recursive: true });
    await writeFile(join(dir, 'app', 'deep', 'x'.repeat(120), `${'ü'.repeat(60)}.txt`), 'long name');
    await writeFile(join(dir, 'app', 'run'), '#!/bin/sh\n', { mode: 0o755 });
    await symlink('run', join(dir, 'app', 'link'));
    for (const [flag, name] of [
      ['-cf', 'app.tar'],
      ['-czf', 'app.tgz'],
      ['-cJf', 'app.tar.xz'],
    ] as const)
      execFileSync('tar', ['-C', dir, flag, join(dir, name), 'app']);
    execFileSync('zip', ['-q', '-r', '-y', 'app.zip', 'app'], { cwd: dir });
  });
  after(() => rm(dir, { recursive: true }));

  for (const name of ['app.tar', 'app.tgz', 'app.tar.xz', 'app.zip']) {
    it(`reads ${name}, whatever its name`, async () => {
      const bytes = await readFile(join(dir, name));
      const format = formatOf('download?id=1', bytes);
      assert.ok(format);
      assert.equal(format, formatOf(name, Buffer.alloc(0)));
      const entries = safeEntries(await readArchive(bytes, format), 1);
      const shown = entries
        .filter(({ type }) => type !== 'directory')
        .map(({ path, type, mode, target }) => `${type} ${path.slice(0, 8)} ${type === 'file' ? mode.toString(8) : target}`);
      assert.deepEqual(shown.sort(), ['file deep/xxx 644', 'file run 755', 'symlink link run']);
      // Ours is read by the real tool, long names and all.
      const out = join(dir, `out-${name}`);
      await mkdir(out);
      execFileSync('tar', ['-C', out, '-xpof', '-'], { input: await writeTar(entries) });
      assert.equal(await readFile(join(out, 'deep', 'x'.repeat(120), `${'ü'.repeat(60)}.txt`), 'utf8'), 'long name');
      assert.equal(await readFile(join(out, 'link'), 'utf8'), '#!/bin/sh\n');
    });
    it(`says that half of ${name} is none`, async () => {
      const bytes = await readFile(join(dir, name));
      await assert.rejects(
        readArchive(bytes.subarray(0, Math.min(bytes.length / 2, 1_200)), formatOf(name, bytes) ?? 'tar'),
        failsWith('ARCHIVE', /cannot be read as/),
      );
    });
  }

  it('refuses what unpacks to more than it may', async () => {
    await writeFile(join(dir, 'zeros'), Buffer.alloc(2 << 20));
    execFileSync('tar', ['-C', dir, '-czf', join(dir, 'zeros.tgz'), 'zeros']);
    execFileSync('zip', ['-q', 'zeros.zip', 'zeros'], { cwd: dir });
    for (const name of ['zeros.tgz', 'zeros.zip'])
      await assert.rejects(
        readArchive(await readFile(join(dir, name)), formatOf(name, Buffer.alloc(0)) ?? 'tar', 1 << 20),
        failsWith('ARCHIVE', /unpacks to more than/),
      );
  });

  it('fetches once for all hosts, and only what has the right checksum', async () => {
    await using box = await rehearse({ web: {}, db: {} });
    const body = await readFile(join(dir, 'app.tgz'));
    const sha256 = digestOfBytes(body).slice(7);
    let asked = 0;
    const http: HttpPort = {
      request: async ({ url }) => {
        asked++;
        if (url.endsWith('/elsewhere.tgz')) throw new SlipwayError('REHEARSAL_PLACE', 'nobody plays it');
        return { status: url.endsWith('.tgz') ? 200 : 404, headers: {}, body, bodyBytes: body.length, totalMs: 1 };
      },
    };
    const context = (name: string) => ({ ...box.context(name), ports: { ...box.context(name).ports, http } as Ports });
    const wanted = { url: 'https://example.com/app.tgz', sha256, dest: '/opt/app', strip: 1 };
    assert.deepEqual(await Promise.all(['web', 'db'].map(async (name) => (await kind.executeHost(wanted, context(name))).status)), ['changed', 'changed']);
    assert.equal(asked, 1);
    const wrong = { ...wanted, sha256: sha256.replace(/^./, (digit) => (digit === '0' ? '1' : '0')) };
    await assert.rejects(kind.executeHost(wrong, context('web')), failsWith('ARCHIVE', new RegExp(`has the SHA-256 ${sha256}`)));
    await assert.rejects(kind.executeHost({ ...wanted, url: 'https://example.com/none' }, context('web')), failsWith('ARCHIVE', /answers 404/));
    const played = { ...wanted, url: 'https://example.com/elsewhere.tgz', dest: '/opt/other' };
    assert.equal((await kind.executeHost(played, context('web'))).status, 'changed');
    assert.match((await box.exec('web', 'cat /opt/other/REHEARSAL')).stdout, /in place of https:/);
  });

  it('refuses shapes that make no sense', () => {
    const bad = [
      { src: 'a.tar', dest: '/opt' },
      { src: 'a.tar', dest: '/opt/../etc' },
      { src: 'a.tar', dest: 'opt/x' },
      { src: 'a.tar', url: 'https://x/a.tar', dest: '/opt/x' },
      { url: 'https://x/a.tar', dest: '/opt/x' },
      { url: 'https://user:secret@x/a.tar', sha256: 'a'.repeat(64), dest: '/opt/x' },
      { src: 'a.tar', dest: '/opt/x', strip: -1 },
    ];
    for (const raw of bad) assert.equal(kind.accepts(raw), false, JSON.stringify(raw));
  });
});
