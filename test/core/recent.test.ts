import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRecent } from '../../src/core/index.ts';

test('what was used longest ago goes first; what cannot be made is not kept', () => {
  const recent = createRecent<{ readonly n: number }>(2);
  const made: string[] = [];
  const use = (key: string): object =>
    recent.use(key, () => {
      made.push(key);
      return { n: made.length };
    });
  assert.throws(() => recent.use('a', () => assert.fail('broken')), /broken/);
  const [a, b] = [use('a'), use('b')];
  assert.equal(use('a'), a);
  use('c');
  assert.equal(recent.get('a'), a);
  assert.equal(recent.get('b'), undefined);
  assert.notEqual(use('b'), b);
  assert.deepEqual(made, ['a', 'b', 'c', 'b']);
});

test('only the value that is meant is forgotten', () => {
  const recent = createRecent<object>(5);
  const [before, now] = [{}, {}];
  recent.use('a', () => now);
  recent.forget('a', before);
  assert.equal(recent.get('a'), now);
  recent.forget('a', now);
  assert.equal(recent.get('a'), undefined);
});
