import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { breaches, reportOf } from '../../bench/calibration/report.ts';
import { RIVALS } from '../../bench/calibration/rivals.ts';
import { ERROR_SHAPES, errorSlots, LATENCY_SHAPES, latencySlots } from '../../bench/calibration/shapes.ts';
import { evidenceOf, type LatencyResult, type Share } from '../../bench/calibration/study.ts';
import { compare, type Metric } from '../../src/analysis/index.ts';

// docs/calibration.md is the whole of it; this is as much as a test has time for.

describe('exactly at the margin, over all kinds of traffic', () => {
  test('latency rarely passes', () => {
    const metric: Metric = { name: 'latency', kind: 'latency', quantiles: { p50: 0.1, p90: 0.1 } };
    let [passed, judged] = [0, 0];
    for (const shape of LATENCY_SHAPES) {
      for (let seed = 1; seed <= 8; seed++) {
        const { metrics } = compare(evidenceOf(latencySlots(shape, { seed, n: 1_200, factor: 1.1 }), seed), [metric]);
        passed += metrics.filter(({ verdict }) => verdict === 'pass').length;
        judged += metrics.length;
      }
    }
    // Nominal 5 %; three standard deviations of 176 judgements, half of them alike, are 7 %.
    assert.ok(passed / judged < 0.12, `${passed} of ${judged} passed`);
  });
  test('failures rarely pass', () => {
    let [passed, runs] = [0, 0];
    for (const shape of ERROR_SHAPES) {
      for (let seed = 1; seed <= 25; seed++) {
        const slots = errorSlots(shape, { seed, n: shape.n, rate: shape.rate + shape.margin });
        if (compare(evidenceOf(slots, seed), [{ name: 'errors', kind: 'rate', margin: shape.margin }]).verdict === 'pass') passed++;
        runs++;
      }
    }
    // Nominal 5 %; three standard deviations of 225 runs are 4.4 %.
    assert.ok(passed / runs < 0.095, `${passed} of ${runs} passed`);
  });
});

test('rules of other tools do what their documentation says', () => {
  const [web] = LATENCY_SHAPES;
  assert.ok(web);
  const limits = { quantiles: { p50: 55, p95: 1_000, p99: 1_000 }, errorRate: 0.01 };
  const pass = (factor: number, given = limits) => RIVALS.map(({ passes }) => passes(latencySlots(web, { seed: 1, n: 24_000, factor }), given));
  assert.deepEqual(pass(1), [true, true, true]);
  assert.deepEqual(pass(1.5), [false, true, true], 'thresholds that are far away are kept');
  assert.deepEqual(pass(1, { ...limits, quantiles: { ...limits.quantiles, p95: 1, p99: 1 } }), [true, false, false]);
});

test('a report says which rates are beyond their limit, and only those', () => {
  const [shape] = LATENCY_SHAPES;
  assert.ok(shape);
  const share = (events: number): Share => ({ events, runs: 400 });
  const all = (events: number) => ({ p50: share(events), p95: share(events), p99: share(events) });
  const fine: LatencyResult = {
    ...{ shape, wrongPass: all(20), wrongFail: all(20), undecided: share(380) },
    power: { p50: { ...share(330), n: 1_000, minutes: 60 }, p95: undefined, p99: { events: 0, runs: 0, n: Infinity, minutes: Infinity } },
    alarms: { equal: share(2), margin: share(80) },
  };
  const late: LatencyResult = {
    ...fine,
    wrongPass: { ...fine.wrongPass, p99: share(40) },
    power: { ...fine.power, p50: { ...share(200), n: 1_000, minutes: 60 } },
    alarms: { ...fine.alarms, equal: share(60) },
  };
  const results = (latency: LatencyResult) => ({ latency: [latency], errors: [], rivals: [] });
  assert.deepEqual(breaches(results(fine)), []);
  assert.deepEqual(breaches(results(late)), [
    'wrong passes of p99 under web: 10.0 %',
    'power of p50 under web: 50.0 % (1000 in 60 min)',
    'false alarms under web: 15.0 %',
  ]);
  const sizes = { seed: 1, scale: 0.5, n: 6_000, wrongPass: 400, errors: 100, power: 100, rivals: 10 };
  assert.match(
    reportOf(results(fine), sizes, '2026-11-28'),
    /Made on 2026-11-28 .* --scale 0\.5 --seed 1`\.[\s\S]*Every rate below is within its limit[\s\S]*refused: this margin cannot be met/,
  );
  assert.match(reportOf(results(late), sizes, '2026-11-28'), /\*\*Not within their limits:\*\* wrong passes of p99 under web: 10\.0 %/);
});
