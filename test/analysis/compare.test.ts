import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { canonicalJson, type Json } from '../../src/core/index.ts';
import { compare, type Evidence, type Metric } from '../../src/analysis/index.ts';
import { arm, dualRun, evenly, evidenceOf, slot } from './made.ts';

const latency: Metric = { name: 'latency', kind: 'latency', quantiles: { p50: 0.1, p95: 0.1, p99: 0.2 } };
const errors: Metric = { name: 'errors', kind: 'rate', margin: 0.001 };
const parity: Metric = { name: 'parity', kind: 'mismatch', max: 0.001 };
const verdictOf = (evidence: Evidence, ...metrics: Metric[]) => compare(evidence, metrics).verdict;
const times = (n: number, ms = 20) => Array.from({ length: n }, (_, index) => ms + (index % 10));

describe('latency, with the worlds of the design (60 minutes, log-normal, shared drift)', () => {
  const worlds = [
    ['identical', 12_000, {}, 'pass'],
    ['3 % slower, which is allowed', 12_000, { candidate: (ms: number) => ms * 1.03 }, 'pass'],
    ['15 % slower everywhere', 12_000, { candidate: (ms: number) => ms * 1.15 }, 'fail'],
    ['3 % of the requests five times slower', 12_000, { candidate: (ms: number, random: () => number) => (random() < 0.03 ? 5 * ms : ms) }, 'fail'],
    ['10 % faster', 12_000, { candidate: (ms: number) => ms * 0.9 }, 'pass'],
    ['identical, but too few requests to know', 600, {}, 'noData'],
    ['40 % slower, and too few requests for p99: that is known already', 600, { candidate: (ms: number) => ms * 1.4 }, 'fail'],
  ] as const;
  for (const [name, n, world, expected] of worlds) {
    test(name, () => assert.equal(verdictOf(dualRun({ seed: 42, n, ...world }), latency), expected));
  }

  test('few requests are never a pass, but a big difference is a fail', () => {
    const coarse: Metric = { name: 'latency', kind: 'latency', quantiles: { p50: 0.1, p95: 0.1 } };
    assert.equal(verdictOf(dualRun({ seed: 1, n: 600 }), coarse), 'inconclusive');
    assert.equal(verdictOf(dualRun({ seed: 1, n: 600, candidate: (ms) => ms * 1.6 }), coarse), 'fail');
  });
});

describe('calibration', () => {
  test('at exactly the margin a wrong pass is as rare as the confidence says', () => {
    const runs = 300;
    const metric: Metric = { name: 'latency', kind: 'latency', quantiles: { p95: 0.1 } };
    const seen = { pass: 0, fail: 0, inconclusive: 0, noData: 0 };
    for (let seed = 1; seed <= runs; seed++) seen[compare(dualRun({ seed, n: 3_000, slots: 30, candidate: (ms) => ms * 1.1 }), [metric]).verdict]++;
    // Nominal 5 %; three standard deviations of 300 draws are 3.8 %.
    assert.ok(seen.pass / runs < 0.088, `passed ${seen.pass} of ${runs}`);
    assert.ok(seen.fail / runs < 0.088, `failed ${seen.fail} of ${runs}`);
    assert.ok(seen.pass + seen.fail > 0, 'bounds that never decide are too wide');
  });
});

describe('autocorrelation', () => {
  const wave = (index: number) => Math.exp(0.25 * Math.sin(index * index));
  test('a candidate whose slowness comes and goes is judged by stretches of time, with wider bounds', () => {
    const metric: Metric = { name: 'latency', kind: 'latency', quantiles: { p50: 0.1 } };
    const [steady] = compare(dualRun({ seed: 5, n: 12_000 }), [metric]).metrics;
    const [waving] = compare(dualRun({ seed: 5, n: 12_000, drift: wave }), [metric]).metrics;
    assert.ok(steady && waving);
    assert.equal(steady.verdict, 'pass');
    assert.equal(waving.method, 'longRunIndexBootstrap');
    const width = ({ lower, upper }: { lower: number | null; upper: number | null }) => (upper ?? 0) - (lower ?? 0);
    assert.ok(width(waving) > 1.3 * width(steady));
  });
  test('sides that drift apart more slowly than the measurement lasts say nothing, and it says so', () => {
    const metric: Metric = { name: 'latency', kind: 'latency', quantiles: { p50: 0.1 } };
    const verdict = compare(dualRun({ seed: 5, n: 12_000, drift: (index) => Math.exp(0.12 * Math.sin(index / 10)) }), [metric]);
    assert.equal(verdict.verdict, 'inconclusive');
    assert.equal(verdict.metrics[0]?.method, 'wanders');
    assert.match(verdict.sentence, /drift against each other so slowly .* measure several times longer/);
  });
  test('a drift that both sides share does not matter', () => {
    const metric: Metric = { name: 'latency', kind: 'latency', quantiles: { p50: 0.1, p95: 0.15 } };
    assert.equal(verdictOf(dualRun({ seed: 5, n: 12_000, both: (index) => Math.exp(0.5 * Math.sin(index / 12)) }), metric), 'pass');
  });
});

describe('requests without answer', () => {
  const metric: Metric = { name: 'latency', kind: 'latency', quantiles: { p95: 0.1 } };
  test('a candidate whose p95 lies beyond the timeout cannot pass, and fails when the baseline is far below', () => {
    const evidence = evidenceOf(evenly(10, () => slot(arm(times(100)), arm(times(90), { timeout: 10 }))));
    const [result] = compare(evidence, [metric]).metrics;
    assert.equal(result?.verdict, 'fail');
    assert.equal(result.upper, null);
  });
  test('a timeout near the baseline p95 leaves the question open', () => {
    const evidence = evidenceOf(
      evenly(10, () => slot(arm(times(100)), arm(times(90), { timeout: 10 }))),
      { timeoutMs: 29 },
    );
    const [result] = compare(evidence, [metric]).metrics;
    assert.equal(result?.verdict, 'inconclusive');
    assert.match(result.sentence, /no answer within the timeout/);
  });
  test('fast errors do not make a side fast', () => {
    const evidence = evidenceOf(evenly(10, () => slot(arm(times(100)), arm(times(70), { server: 30 }))));
    assert.equal(compare(evidence, [metric]).metrics[0]?.n, 700);
    assert.equal(verdictOf(evidence, metric, errors), 'fail');
  });
  test('a request that is asked to come again takes longer than that, and counts against the bound', () => {
    const p90: Metric = { name: 'latency', kind: 'latency', quantiles: { p90: 0.5 } };
    const of = (refused: number) =>
      evidenceOf(evenly(10, () => slot(arm(times(100)), arm(times(100 - refused), { retry: refused }, Array<number>(refused).fill(1)))));
    const [few, many] = [compare(of(1), [p90]).metrics[0], compare(of(15), [p90]).metrics[0]];
    assert.equal(few?.verdict, 'pass');
    assert.notEqual(many?.verdict, 'pass', 'a candidate that turns the slow ones away is not fast');
    assert.equal(many?.upper, null);
  });
});

describe('errors and parity', () => {
  const both = (n: number, failed: number, mismatches = 0) =>
    evidenceOf(evenly(10, (share) => slot(arm(times(share(n))), arm(times(share(n) - share(failed)), { server: share(failed) }), share(mismatches))));
  test('no error in many requests passes, in few it does not', () => {
    assert.equal(verdictOf(both(4_000, 0), errors), 'pass');
    assert.equal(verdictOf(both(1_000, 0), errors), 'inconclusive');
    assert.equal(verdictOf(both(20, 0), errors), 'noData');
  });
  test('clearly more errors fail', () => assert.equal(verdictOf(both(10_000, 100), errors), 'fail'));
  test('parity passes, fails, or wants more pairs', () => {
    assert.equal(verdictOf(both(3_000, 0), parity), 'pass');
    assert.equal(verdictOf(both(2_900, 0), parity), 'inconclusive');
    assert.equal(verdictOf(both(3_000, 0, 40), parity), 'fail');
  });
  test('minSamples is obeyed', () => assert.equal(verdictOf(both(3_000, 0), { ...parity, minSamples: 3_001 }), 'noData'));
});

describe('the verdict', () => {
  const good = dualRun({ seed: 9, n: 12_000 });
  const slow = dualRun({ seed: 9, n: 12_000, candidate: (ms) => ms * 1.3 });
  test('needs every critical metric; the others only annotate', () => {
    const hard: Metric = { name: 'hard', kind: 'mismatch', max: 0.000001 };
    assert.equal(verdictOf(good, latency, errors), 'pass');
    assert.equal(verdictOf(good, latency, hard), 'inconclusive');
    assert.equal(verdictOf(good, latency, { ...hard, critical: false }), 'pass');
    assert.equal(verdictOf(slow, { ...latency, critical: false }, errors), 'pass');
    assert.equal(verdictOf(slow, latency, hard), 'fail');
  });
  test('is not a pass when nothing is critical or nothing was seen', () => {
    assert.equal(verdictOf(good, { ...latency, critical: false }), 'noData');
    assert.equal(verdictOf(evidenceOf([]), latency, errors, parity), 'noData');
    assert.equal(verdictOf(good), 'noData');
  });
  test('is not a pass when the old side differs from itself', () => {
    const verdict = compare({ ...good, abCheck: slow.slots }, [latency]);
    assert.equal(verdict.verdict, 'inconclusive');
    assert.match(verdict.sentence, /the old side differs from itself/);
    assert.equal(compare({ ...slow, abCheck: slow.slots }, [latency]).verdict, 'inconclusive', 'and it is no fail either');
    const swapped = slow.slots.map(({ baseline, candidate, parity }) => ({ baseline: candidate, candidate: baseline, parity }));
    assert.equal(compare({ ...good, abCheck: swapped }, [latency]).verdict, 'inconclusive', 'an old side better than itself is as odd');
    assert.equal(compare({ ...good, abCheck: good.slots }, [latency]).verdict, 'pass');
  });
  test('is not a pass when the sides were not measured at the same time', () => {
    const half = good.slots.length / 2;
    const apart = good.slots.map(({ baseline, candidate, parity }, index) =>
      index < half ? slot(baseline, arm([])) : { ...slot(arm([]), candidate), parity },
    );
    const verdict = compare(evidenceOf(apart), [{ ...latency, quantiles: { p50: 0.5 } }]);
    assert.equal(verdict.verdict, 'inconclusive');
    assert.match(verdict.sentence, /not measured at the same time/);
    const unequal = good.slots.map(({ baseline, candidate }) => slot(baseline, { ...candidate, sent: candidate.sent }));
    assert.ok((compare(evidenceOf(unequal), [latency]).soundness?.concurrent ?? 0) > 0.999);
  });
  test('is not a pass when there are too few slots to see whether they hang together', () => {
    const verdict = compare(evidenceOf(dualRun({ seed: 9, n: 12_000, slots: 6 }).slots), [latency]);
    assert.equal(verdict.verdict, 'inconclusive');
    assert.match(verdict.sentence, /has 6 slots, and 10 are needed/);
  });
  test('says for every metric how many, how much, how sure, and what is allowed', () => {
    for (const metric of compare(slow, [latency, errors, parity]).metrics) {
      assert.ok(metric.n > 0 && metric.estimate !== null && metric.lower !== null && metric.upper !== null);
      assert.ok(metric.lower <= metric.estimate && metric.estimate <= metric.upper, metric.label);
      assert.match(metric.sentence, /^\w.*\d.*; 12,000 (requests per side|pairs)$/);
    }
    assert.match(
      compare(good, [latency, errors]).sentence,
      /^the candidate is no worse than the baseline: latency p50 [+-]?[\d.]+% at most \(10% allowed\), .*, errors \+0\.025% at most \(0\.1% allowed\)$/,
    );
    assert.match(compare(slow, [latency]).sentence, /the candidate is worse: latency p50 grew by at least \d+% \(estimate 3\d%\), more than the allowed 10%/);
  });
  test('is the same, bit for bit, for the same evidence and seed', () => {
    const text = (seed?: number) =>
      canonicalJson(JSON.parse(JSON.stringify(compare(good, [latency, errors, parity], seed === undefined ? {} : { seed }))) as Json);
    assert.equal(text(), text());
    assert.equal(text(7), text());
    assert.notEqual(text(8), text());
  });
  test('of one metric does not depend on what else is measured', () => {
    const [alone] = compare(good, [{ ...latency, quantiles: { p95: 0.1 } }]).metrics;
    const together = compare(good, [errors, latency]).metrics.find(({ label }) => label === 'latency p95');
    assert.deepEqual(alone, together);
  });
});
