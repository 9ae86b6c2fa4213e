import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { ASSUMED, compare, type Goal, goalsOf, leastMargin, type Metric, noiseOf, sampleSize } from '../../src/analysis/index.ts';
import { dualRun } from './made.ts';

const only = (metric: Metric): Goal => {
  const [goal] = goalsOf(metric);
  assert.ok(goal);
  return goal;
};
const rate = (margin: number) => only({ name: 'errors', kind: 'rate', margin });
const parity = (max: number, minSamples?: number) => only({ name: 'parity', kind: 'mismatch', max, ...(minSamples === undefined ? {} : { minSamples }) });
const latency = (quantile: string, margin: number) => only({ name: 'latency', kind: 'latency', quantiles: { [quantile]: margin } });
const numeric = (margin: number) => only({ name: 'orders', kind: 'numeric', direction: 'higher', margin });

describe('how many', () => {
  test('errors: at least the numbers of the textbook (one-sided 5 %, power 90 %), and not many times more', () => {
    // 17,113 and so on hold for a normal bound with known variance; the bound in use is wider, because it does not trust independence.
    for (const [errorRate, margin, textbook] of [
      [0.001, 0.001, 17_113],
      [0.001, 0.0005, 68_452],
      [0.01, 0.005, 6_784],
    ] as const) {
      const n = sampleSize(rate(margin), { noise: { errorRate } });
      assert.ok(n > textbook && n < 2 * textbook, `${n} beside ${textbook}`);
    }
    assert.ok(sampleSize(rate(0.005), { noise: { errorRate: 0.01, errorClustering: 3 } }) > 2.9 * sampleSize(rate(0.005), { noise: { errorRate: 0.01 } }));
  });
  test('parity without a mismatch: ln 0.05 ÷ ln(1 - max)', () => {
    assert.equal(sampleSize(parity(0.0001)), 29_956);
    assert.equal(sampleSize(parity(0.01, 5_000)), 5_000);
  });
  test('what cannot pass needs infinitely many', () => {
    for (const goal of [rate(0), parity(0), latency('p50', 0), numeric(0)]) assert.equal(sampleSize(goal), Infinity);
    assert.equal(sampleSize(parity(0.001), { noise: { mismatchRate: 0.002 } }), Infinity, 'more differ anyway than may');
    assert.equal(
      sampleSize(latency('p50', 0.05), { noise: { quantiles: { p50: { spread: 1, hidden: 0.1 } } } }),
      Infinity,
      'rounding hides more than the margin',
    );
  });
});

test('the smallest margin is the one that just needs so many', () => {
  const goal = fc.constantFrom(rate(0.01), parity(0.01), latency('p50', 0.1), latency('p99', 0.2), numeric(0.1));
  fc.assert(
    fc.property(goal, fc.integer({ min: 50, max: 2_000_000 }), (each, n) => {
      const least = leastMargin(each, n);
      if (!Number.isFinite(least)) return;
      assert.ok(sampleSize({ ...each, margin: least * 1.001 }) <= n, `${each.label}: ${least} does not do with ${n}`);
      assert.ok(
        least < 1e-9 || sampleSize({ ...each, margin: least * 0.999 }) >= n * 0.99 || n <= 3_001,
        `${each.label}: less than ${least} would do with ${n}`,
      );
    }),
    { numRuns: 60 },
  );
  assert.equal(leastMargin(latency('p99', 0.2), 100), Infinity, 'p99 needs 3,000 whatever the margin');
});

test('a wider margin never needs more', () => {
  const make = [rate, parity, (margin: number) => latency('p95', margin), numeric];
  const margins = fc.tuple(fc.double({ min: 0.0005, max: 0.9, noNaN: true }), fc.double({ min: 0.0005, max: 0.9, noNaN: true }));
  fc.assert(
    fc.property(fc.constantFrom(...make), margins, (goalOf, pair) => {
      const [narrow = 0, wide = 0] = pair.toSorted((a, b) => a - b);
      assert.ok(sampleSize(goalOf(wide)) <= sampleSize(goalOf(narrow)) * 1.0001 + 1);
    }),
  );
});

test('latency: the planned number of requests passes at least as often as planned, by assumed noise and by noise that was measured', () => {
  const metric: Metric = { name: 'latency', kind: 'latency', quantiles: { p95: 0.1 } };
  const goal = only(metric);
  const measured = noiseOf(dualRun({ seed: 77, n: 30_000 }), [metric]);
  assert.ok(Math.abs((measured.quantiles['p95']?.spread ?? 0) / 1.8 - 1) < 0.3, `spread ${measured.quantiles['p95']?.spread}`);
  for (const noise of [ASSUMED, measured]) {
    const n = sampleSize(goal, { power: 0.9, noise });
    const runs = 60;
    let passed = 0;
    for (let seed = 1; seed <= runs; seed++) if (compare(dualRun({ seed, n }), [metric]).verdict === 'pass') passed++;
    // Nominal 90 %; three standard deviations of 60 draws are 12 %.
    assert.ok(passed / runs >= 0.78, `${passed} of ${runs} passed with ${n} requests`);
  }
});

test('noise that cannot be measured stays assumed', () => {
  const noise = noiseOf({ slots: [], timeoutMs: 1_000 }, []);
  assert.deepEqual(noise, ASSUMED);
  const little = noiseOf(dualRun({ seed: 1, n: 60, slots: 12 }), [{ name: 'latency', kind: 'latency', quantiles: { p99: 0.1 } }]);
  assert.deepEqual(little.quantiles, {});
  assert.ok(little.errorRate > 0, 'no error seen does not mean that there are none');
});
