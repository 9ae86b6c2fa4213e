import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compare, type Metric, sampleSize } from '../../src/analysis/index.ts';
import { dualRun } from './made.ts';

const rate = (margin: number): Metric => ({ name: 'errors', kind: 'rate', margin });

test('errors: the numbers of the design (one-sided 5 %, power 90 %)', () => {
  for (const [errorRate, margin, expected] of [
    [0.001, 0.001, 17_113],
    [0.001, 0.0005, 68_452],
    [0.01, 0.005, 6_784],
  ] as const) {
    const { n } = sampleSize(rate(margin), { errorRate });
    assert.ok(Math.abs(n / expected - 1) < 0.001, `${n} instead of ${expected}`);
  }
});

test('parity without a mismatch: ln 0.05 ÷ ln(1 - max)', () => {
  assert.equal(sampleSize({ name: 'parity', kind: 'mismatch', max: 0.0001 }).n, 29_956);
  assert.equal(sampleSize({ name: 'parity', kind: 'mismatch', max: 0.01, minSamples: 5_000 }).n, 5_000);
});

test('what cannot pass says so', () => {
  for (const metric of [
    rate(0),
    { name: 'parity', kind: 'mismatch', max: 0 },
    { name: 'latency', kind: 'latency', quantiles: { p50: 0 } },
  ] satisfies Metric[]) {
    const { n, sentence } = sampleSize(metric);
    assert.equal(n, Infinity);
    assert.match(sentence, /cannot pass/);
  }
});

test('latency: the planned number of requests passes about as often as planned', () => {
  const metric: Metric = { name: 'latency', kind: 'latency', quantiles: { p95: 0.1 } };
  const { n } = sampleSize(metric, { power: 0.9 });
  const runs = 100;
  let passed = 0;
  for (let seed = 1; seed <= runs; seed++) if (compare(dualRun({ seed, n, slots: 20 }), [metric]).verdict === 'pass') passed++;
  // Shared drift costs a little power; three standard deviations are 9 %.
  assert.ok(passed >= 78 && passed <= 99, `${passed} of ${runs} passed with ${n} requests`);
});
