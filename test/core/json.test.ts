import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { canonicalJson, digestOf, type Json } from '../../src/core/index.ts';

test('canonical JSON sorts keys, drops undefined members and keeps array order', () => {
  const value = { b: [2, 1], a: { d: null, c: 'é' } };
  assert.equal(canonicalJson(value), '{"a":{"c":"é","d":null},"b":[2,1]}');
});

test('canonical JSON refuses numbers JSON cannot hold', () => {
  assert.throws(() => canonicalJson({ a: Number.NaN }), /NaN has no JSON form/);
});

test('equal values have equal digests whatever the order of their keys', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (entries) => {
      const forward = JSON.parse(JSON.stringify(entries)) as Json; // fast-check types JSON values as unknown
      const backward = Object.fromEntries(Object.entries(JSON.parse(JSON.stringify(entries)) as { [key: string]: Json }).reverse());
      assert.equal(digestOf(forward), digestOf(backward));
      assert.deepEqual(JSON.parse(canonicalJson(forward)), JSON.parse(JSON.stringify(forward)));
    }),
  );
});
