import assert from 'node:assert/strict';
import { test } from 'node:test';
import { beforeLanding } from '../../src/app/pulls/landed.ts';
import { type Files, openPlayed } from './repository.ts';

test('where the default branch stood before a change came in: merged, squashed, rebased, or beyond telling', async () => {
  await using played = await openPlayed();
  const { mirror } = played;
  const commit = (files: Files, from?: string) => played.commit(files, from);
  const base = await commit({ 'a.md': 'a', 'b.md': 'b' });
  const first = await commit({ 'c.md': 'c' });
  const head = await commit({ 'a.md': 'new' });
  const main = await commit({ 'other.md': 'x' }, base);
  const squashed = await commit({ 'c.md': 'c', 'a.md': 'new' }, main);
  await commit({ 'c.md': 'c' }, main);
  const rebased = await commit({ 'a.md': 'new' });
  const both = await commit({ 'c.md': 'c', 'a.md': 'new', 'b.md': 'too' }, main);
  assert.notEqual(first, head);
  assert.deepEqual(await Promise.all([squashed, rebased, both].map((landed) => beforeLanding(mirror, { base, head }, landed))), [main, main, undefined]);
});
