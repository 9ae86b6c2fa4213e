import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { changedFiles, mergeBase, openCheckout, peopleOf } from '../../src/repo/index.ts';
import { makeRepository } from './fixture.ts';

describe('commits', () => {
  it('names files that differ since the branches parted', async () => {
    await using fixture = makeRepository();
    fixture.write('runbooks/a.yaml', 'a');
    fixture.write('runbooks/b.yaml', 'b');
    const base = fixture.commit('base');
    fixture.git('checkout', '--quiet', '-b', 'change');
    fixture.write('runbooks/a.yaml', 'a2');
    fixture.write('runbooks/ä\n"x.yaml', 'new');
    fixture.git('rm', '--quiet', 'runbooks/b.yaml');
    const head = fixture.commit('change');
    fixture.git('checkout', '--quiet', 'main');
    fixture.write('runbooks/other.yaml', 'main moved on');
    fixture.commit('main');
    assert.deepEqual(await changedFiles(fixture.repository, { base: 'main', head: 'change' }, fixture), [
      { path: 'runbooks/a.yaml', change: 'modified' },
      { path: 'runbooks/b.yaml', change: 'deleted' },
      { path: 'runbooks/ä\n"x.yaml', change: 'added' },
    ]);
    assert.equal(await mergeBase(fixture.repository, ['main', head], fixture), base);
  });

  it('says who wrote and who committed', async () => {
    await using fixture = makeRepository();
    const base = fixture.commit('base', 'Zoe <zoe@example.org>');
    fixture.commit('one', 'Grace <grace@example.org>');
    const head = fixture.commit('two', 'Lin <lin@example.org>');
    const names = (await peopleOf(fixture.repository, { base, head }, fixture)).map(({ name }) => name);
    assert.deepEqual(names, ['Ada', 'Grace', 'Lin']);
    assert.deepEqual(
      (await peopleOf(fixture.repository, { head }, fixture)).map(({ email }) => email),
      ['ada@example.org', 'lin@example.org'],
    );
    const checkout = await openCheckout({ ...fixture, at: { commit: 'main' }, base });
    assert.equal(checkout.base, base);
    assert.equal(checkout.people.length, 3);
  });

  it('says who wrote what a commit merged, however long ago', async () => {
    await using fixture = makeRepository();
    fixture.commit('base', 'Zoe <zoe@example.org>');
    fixture.git('checkout', '--quiet', '-b', 'change');
    fixture.commit('one', 'Grace <grace@example.org>');
    fixture.commit('two', 'Lin <lin@example.org>');
    fixture.git('checkout', '--quiet', 'main');
    fixture.git('merge', '--quiet', '--no-ff', '-m', 'merge', 'change');
    const emails = (await peopleOf(fixture.repository, { head: fixture.git('rev-parse', 'HEAD') }, fixture)).map(({ email }) => email);
    assert.deepEqual(emails, ['ada@example.org', 'grace@example.org', 'lin@example.org']);
  });

  it('has no merge base for histories that never met', async () => {
    await using fixture = makeRepository();
    fixture.commit('one');
    fixture.git('checkout', '--quiet', '--orphan', 'other');
    fixture.commit('two');
    assert.equal(await mergeBase(fixture.repository, ['main', 'other'], fixture), undefined);
  });
});
