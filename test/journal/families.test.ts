import assert from 'node:assert/strict';
import { test } from 'node:test';
import { familiesOf, refersTo } from '../../src/journal/archive/families.ts';

test('a run belongs to the one that called it, that it undoes, or that it goes on with', () => {
  const run = (id: string, labels: { readonly [name: string]: string }) => ({
    ...{ id, state: 'failed', updatedAt: 0, lastSeq: 1, isDriven: false, head: '' },
    refersTo: refersTo(labels),
  });
  const runs = [run('a', {}), run('b', { retryOf: 'a' }), run('c', { retryOf: 'b' }), run('d', { rollbackOf: 'c' }), run('e', { parent: 'd' }), run('f', {})];
  assert.deepEqual(
    familiesOf(runs).map((family) => family.map(({ id }) => id).sort()),
    [['a', 'b', 'c', 'd', 'e'], ['f']],
  );
});
