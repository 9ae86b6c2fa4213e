import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { digestOf, type Json } from '../../src/core/index.ts';
import { genesis, hashOf, link } from '../../src/journal/chain.ts';

test('the hash of an event is the digest of its canonical JSON, as the documentation of an export says', () => {
  fc.assert(
    fc.property(fc.record({ type: fc.string(), value: fc.jsonValue() }), fc.integer(), fc.string(), (given, at, runId) => {
      const body = JSON.parse(JSON.stringify(given)) as { readonly type: string; readonly value: Json };
      const prev = genesis(runId);
      const expected = digestOf({ runId, seq: 1, at, body, prev });
      assert.equal(hashOf({ runId, seq: 1, at, body, prev }), expected);
      assert.equal(link({ runId, seq: 0, hash: prev }, [body], at)[0]?.event.hash, expected);
    }),
  );
});
