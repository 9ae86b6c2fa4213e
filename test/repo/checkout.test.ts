import assert from 'node:assert/strict';
import { chmodSync, existsSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { SlipwayError } from '../../src/core/index.ts';
import { listRunbookFiles, openCheckout } from '../../src/repo/index.ts';
import { type Fixture, makeRepository } from './fixture.ts';

const ofCommit = (fixture: Fixture, commit: string) => openCheckout({ ...fixture, at: { commit } });
const ofWorkTree = (fixture: Fixture) => openCheckout({ ...fixture, at: { workingTree: true } });
const read = (root: string, path: string) => readFileSync(join(root, path), 'utf8');
const hasCode = (code: string) => (thrown: unknown) => thrown instanceof SlipwayError && thrown.code === code && thrown.hint !== undefined;

describe('checkout of a commit', () => {
  it('holds exactly that commit, read-only, whatever the work tree says', async () => {
    await using fixture = makeRepository();
    fixture.write('runbooks/a.yaml', 'one');
    fixture.write('runbooks/files/run.sh', '#!/bin/sh\n');
    chmodSync(join(fixture.repository, 'runbooks/files/run.sh'), 0o755);
    const commit = fixture.commit('first');
    fixture.write('runbooks/a.yaml', 'two');
    fixture.write('runbooks/b.yaml', 'new');
    const checkout = await ofCommit(fixture, 'main');
    assert.equal(checkout.commit, commit);
    assert.equal(checkout.dirty, false);
    assert.equal(read(checkout.root, 'runbooks/a.yaml'), 'one');
    assert.equal(existsSync(join(checkout.root, 'runbooks/b.yaml')), false);
    assert.equal(existsSync(join(checkout.root, '.git')), false);
    assert.equal(statSync(join(checkout.root, 'runbooks/a.yaml')).mode & 0o777, 0o444);
    assert.equal(statSync(join(checkout.root, 'runbooks/files/run.sh')).mode & 0o777, 0o555);
    assert.deepEqual(await listRunbookFiles(checkout.root), ['runbooks/a.yaml']);
  });

  it('survives that the commit leaves every branch', async () => {
    await using fixture = makeRepository();
    fixture.write('runbooks/a.yaml', 'one');
    const first = fixture.commit('first');
    fixture.write('runbooks/a.yaml', 'two');
    fixture.git('add', '.');
    fixture.git('commit', '--quiet', '--amend', '-m', 'forced');
    const checkout = await ofCommit(fixture, first);
    assert.equal(read(checkout.root, 'runbooks/a.yaml'), 'one');
    fixture.git('reflog', 'expire', '--expire=now', '--all');
    fixture.git('gc', '--quiet', '--prune=now');
    assert.equal(read(checkout.root, 'runbooks/a.yaml'), 'one');
  });

  it('is used again, and made again when somebody changed it', async () => {
    await using fixture = makeRepository();
    fixture.write('runbooks/a.yaml', 'one');
    const commit = fixture.commit('first');
    const first = await ofCommit(fixture, commit);
    const again = await ofCommit(fixture, commit);
    assert.deepEqual(again, first);
    assert.equal(statSync(again.root).ino, statSync(first.root).ino);
    const file = join(first.root, 'runbooks/a.yaml');
    chmodSync(file, 0o644);
    writeFileSync(file, 'evil');
    const healed = await ofCommit(fixture, commit);
    assert.equal(healed.digest, first.digest);
    assert.equal(read(healed.root, 'runbooks/a.yaml'), 'one');
  });

  it('redoes a tree that a crash left half made', async () => {
    await using fixture = makeRepository();
    fixture.write('runbooks/a.yaml', 'one');
    fixture.write('runbooks/b.yaml', 'two');
    const commit = fixture.commit('first');
    const { root, digest } = await ofCommit(fixture, commit);
    // The tree has its name, but lacks a file, and its record is torn.
    chmodSync(join(root, 'runbooks'), 0o755);
    const { rmSync } = await import('node:fs');
    rmSync(join(root, 'runbooks/b.yaml'));
    writeFileSync(`${root}.json`, '{"digest":');
    // The process that did it holds the lock and is dead.
    writeFileSync(join(fixture.cacheDir, `${root.split('/').at(-1)}.lock`), `${(await import('node:os')).hostname()} 4194303 x`);
    const redone = await ofCommit(fixture, commit);
    assert.equal(redone.digest, digest);
    assert.equal(read(redone.root, 'runbooks/b.yaml'), 'two');
  });

  it('gives many at once the same tree', async () => {
    await using fixture = makeRepository();
    for (let index = 0; index < 20; index++) fixture.write(`runbooks/r${index}.yaml`, `${index}`);
    const commit = fixture.commit('first');
    const all = await Promise.all(Array.from({ length: 6 }, () => ofCommit(fixture, commit)));
    assert.equal(new Set(all.map(({ digest }) => digest)).size, 1);
    assert.deepEqual(
      readdirSync(join(fixture.cacheDir, 'trees')).filter((name) => name.endsWith('.half')),
      [],
    );
    assert.deepEqual(
      readdirSync(fixture.cacheDir).filter((name) => name.endsWith('.lock')),
      [],
    );
  });

  it('runs nothing of the repository', async () => {
    await using fixture = makeRepository();
    const canary = join(fixture.top, 'canary');
    const script = join(fixture.top, 'evil.sh');
    writeFileSync(script, `#!/bin/sh\necho "$0 $*" >> ${canary}\n`, { mode: 0o755 });
    fixture.write('.gitattributes', '*.yaml filter=evil diff=evil\n');
    fixture.write('runbooks/a.yaml', 'one');
    const commit = fixture.commit('first');
    for (const hook of ['post-checkout', 'post-index-change', 'reference-transaction']) {
      writeFileSync(join(fixture.repository, '.git/hooks', hook), `#!/bin/sh\necho ${hook} >> ${canary}\n`, { mode: 0o755 });
    }
    for (const name of ['filter.evil.clean', 'filter.evil.smudge', 'core.fsmonitor', 'diff.evil.textconv', 'diff.external']) {
      fixture.git('config', name, script);
    }
    // As long as before, so that git must compare contents, and would filter them first.
    fixture.write('runbooks/a.yaml', 'two');
    await ofCommit(fixture, commit);
    const snapshot = await ofWorkTree(fixture);
    assert.equal(read(snapshot.root, 'runbooks/a.yaml'), 'two');
    assert.equal(existsSync(canary), false, existsSync(canary) ? readFileSync(canary, 'utf8') : '');
  });

  it('leaves out links that lead outside, also through another link', async () => {
    await using fixture = makeRepository();
    fixture.write('runbooks/a.yaml', 'one');
    writeFileSync(join(fixture.top, 'secret'), 'secret');
    const link = (target: string, name: string) => symlinkSync(target, join(fixture.repository, name));
    link('runbooks/a.yaml', 'good');
    link('/etc/passwd', 'absolute');
    link('../secret', 'up');
    link('.', 'here');
    link('here/here/../../../secret', 'chained');
    link('nowhere', 'dangling');
    const checkout = await ofCommit(fixture, fixture.commit('links'));
    assert.deepEqual(checkout.droppedLinks, ['absolute', 'chained', 'dangling', 'up']);
    assert.equal(read(checkout.root, 'good'), 'one');
  });

  it('says what is wrong', async () => {
    await using fixture = makeRepository();
    await assert.rejects(ofWorkTree(fixture), hasCode('NO_COMMIT'));
    fixture.commit('first');
    await assert.rejects(ofCommit(fixture, 'nowhere'), hasCode('COMMIT_NOT_FOUND'));
    for (const bad of ['--upload-pack=evil', 'a..b', '-x', 'x y', '$(id)', '', 'a\nb'])
      await assert.rejects(ofCommit(fixture, bad), hasCode('BAD_REVISION'), bad);
    await using plain = makeRepository({ init: false });
    await assert.rejects(ofWorkTree(plain), (thrown: unknown) => hasCode('NOT_A_REPOSITORY')(thrown) && /git init/.test((thrown as SlipwayError).hint ?? ''));
  });

  it('stops when told to', async () => {
    await using fixture = makeRepository();
    const commit = fixture.commit('first');
    await assert.rejects(openCheckout({ ...fixture, at: { commit }, signal: AbortSignal.abort(new Error('enough')) }), /enough/);
  });
});

describe('checkout of the work tree', () => {
  it('is the commit when nothing was touched', async () => {
    await using fixture = makeRepository();
    fixture.write('.gitignore', 'cache\nignored\n');
    fixture.write('runbooks/a.yaml', 'one');
    const commit = fixture.commit('first');
    fixture.write('ignored', 'x');
    const checkout = await ofWorkTree(fixture);
    assert.equal(checkout.dirty, false);
    assert.equal(checkout.digest, (await ofCommit(fixture, commit)).digest);
  });

  it('holds what is there now, addressed by content', async () => {
    await using fixture = makeRepository();
    fixture.write('.gitignore', 'ignored\n');
    fixture.write('runbooks/a.yaml', 'one');
    fixture.write('runbooks/gone.yaml', 'old');
    const commit = fixture.commit('first');
    fixture.write('runbooks/a.yaml', 'two');
    fixture.write('runbooks/new.yaml', 'new');
    fixture.write('ignored', 'x');
    fixture.write('.slipway/journal.db', 'never');
    const { rmSync } = await import('node:fs');
    rmSync(join(fixture.repository, 'runbooks/gone.yaml'));
    const checkout = await ofWorkTree(fixture);
    assert.equal(checkout.dirty, true);
    assert.equal(checkout.commit, commit);
    assert.deepEqual(await listRunbookFiles(checkout.root), ['runbooks/a.yaml', 'runbooks/new.yaml']);
    assert.equal(existsSync(join(checkout.root, 'ignored')) || existsSync(join(checkout.root, '.slipway')), false);
    assert.ok(checkout.root.endsWith(checkout.digest.replace(':', '-')));
    // A later change makes another tree and leaves the first as it was.
    fixture.write('runbooks/a.yaml', 'three');
    const later = await ofWorkTree(fixture);
    assert.notEqual(later.digest, checkout.digest);
    assert.equal(read(checkout.root, 'runbooks/a.yaml'), 'two');
    fixture.write('runbooks/a.yaml', 'two');
    assert.equal((await ofWorkTree(fixture)).root, checkout.root);
  });

  it('works from a folder inside, with its cache inside too', async () => {
    await using fixture = makeRepository();
    fixture.write('deep/er/x', '1');
    fixture.commit('first');
    await mkdir(join(fixture.repository, 'state'));
    const request = {
      ...fixture,
      repository: join(fixture.repository, 'deep/er'),
      cacheDir: join(fixture.repository, 'state'),
      at: { workingTree: true } as const,
    };
    fixture.write('runbooks/a.yaml', 'one');
    const first = await openCheckout(request);
    const second = await openCheckout(request);
    assert.equal(second.digest, first.digest);
    assert.equal(existsSync(join(second.root, 'state')), false);
  });
});
