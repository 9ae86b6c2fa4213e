import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createHistogram, createRandom, distributionOf, quantileOf } from '../../src/analysis/index.ts';
import { bucketOf, BUCKETS, valueOf } from '../../src/analysis/histogram.ts';
import { arm, gauss } from './made.ts';

test('a bucket holds its values to 0.1 %, or half a microsecond', () => {
  fc.assert(
    fc.property(fc.double({ min: 0, max: 2_000_000, noNaN: true }), (ms) => {
      const back = valueOf(bucketOf(ms));
      assert.ok(Math.abs(back - ms) <= Math.max(0.0011, ms * 0.001), `${ms} became ${back}`);
    }),
  );
});

test('buckets rise with the value, without gaps, and are within the range', () => {
  for (let bucket = 1; bucket < BUCKETS; bucket++) {
    assert.ok(valueOf(bucket) > valueOf(bucket - 1) || bucket === 1);
    assert.equal(bucketOf(valueOf(bucket)), bucket);
  }
  assert.ok(bucketOf(Number.MAX_SAFE_INTEGER) < BUCKETS);
  assert.equal(bucketOf(-1), 0);
});

test('quantiles are those of the sorted values', () => {
  const normal = gauss(createRandom(3));
  const values = Array.from({ length: 20_001 }, () => 30 * Math.exp(normal()));
  const distribution = distributionOf([arm(values.slice(0, 9_000)), arm(values.slice(9_000))]);
  const sorted = values.toSorted((a, b) => a - b);
  for (const q of [0.001, 0.5, 0.95, 0.99, 0.999]) {
    const exact = sorted[Math.ceil(sorted.length * q) - 1] ?? 0;
    assert.ok(Math.abs(quantileOf(distribution, q, Infinity) / exact - 1) < 0.002, `q ${q}`);
  }
});

test('a quantile among the requests without answer is the value that stands for them', () => {
  const distribution = distributionOf([arm([1, 2, 3, 4, 5, 6, 7, 8], { timeout: 2, server: 5 })]);
  assert.equal(distribution.n, 10);
  assert.ok(Math.abs(quantileOf(distribution, 0.8, 99) - 8) < 0.01);
  assert.equal(quantileOf(distribution, 0.81, 99), 99);
});

test('the encoding is short and the same for the same counts', () => {
  const [one, other] = [createHistogram(), createHistogram()];
  for (const ms of [5, 1, 5, 0.002]) one.record(ms);
  for (const ms of [1, 5, 0.002, 5]) other.record(ms);
  assert.deepEqual(one.encode(), other.encode());
  assert.deepEqual(one.encode(), [2, 1, 998, 1, bucketOf(5) - 1_000, 2]);
});
