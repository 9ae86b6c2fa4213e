import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { compare, createRandom, type Metric, parseSeries, type Series, type MetricSeries } from '../../src/analysis/index.ts';
import { meanRatio } from '../../src/analysis/numeric.ts';
import { SlipwayError } from '../../src/core/index.ts';
import { dualRun, evidenceOf, gauss } from './made.ts';

const evidence = evidenceOf(dualRun({ seed: 1, n: 1_200, slots: 12 }).slots);
const seriesOf = (...metrics: MetricSeries[]): Series => ({ version: 1, algorithm: 'minute-samples/1', startedAt: 0, slotMs: 60_000, metrics });
type Means = Extract<MetricSeries, { kind: 'numeric' }>;

/** Orders per minute with noise of 5 %; `ratio` is candidate ÷ baseline. */
function orders({ seed = 1, slots = 60, ratio = 1, deviation = 0.05 }: { seed?: number; slots?: number; ratio?: number; deviation?: number }): Means {
  const normal = gauss(createRandom(seed, 'orders'));
  const mean = (level: number) => ({ value: level * Math.exp(deviation * normal()), weight: 1 });
  return { name: 'orders', kind: 'numeric', slots: Array.from({ length: slots }, () => ({ baseline: mean(200), candidate: mean(200 * ratio) })) };
}
const judge = (metric: Metric, ...series: MetricSeries[]) => {
  const verdict = compare(evidence, [metric], series.length === 0 ? {} : { series: seriesOf(...series) });
  const [result] = verdict.metrics;
  assert.ok(result);
  return { ...result, overall: verdict.verdict };
};
const higher: Metric = { name: 'orders', kind: 'numeric', direction: 'higher', margin: 0.1 };
const lower: Metric = { name: 'orders', kind: 'numeric', direction: 'lower', margin: 0.1 };
const checkout: Metric = { name: 'checkout', kind: 'ratio', direction: 'lower', margin: 0.01 };

describe('a number of each minute', () => {
  test('passes when it is as good, fails when it is worse, and knows which way is better', () => {
    assert.equal(judge(higher, orders({})).overall, 'pass');
    assert.equal(judge(higher, orders({ ratio: 0.8 })).overall, 'fail');
    assert.equal(judge(higher, orders({ ratio: 1.3 })).overall, 'pass');
    assert.equal(judge(lower, orders({ ratio: 1.3 })).overall, 'fail');
    assert.equal(judge(lower, orders({ ratio: 0.8 })).overall, 'pass');
    assert.equal(judge(higher, orders({ deviation: 0.9, slots: 12 })).overall, 'inconclusive');
  });
  test('is compared as a fraction of the old side, with its own unit', () => {
    const result = judge(higher, { ...orders({ ratio: 0.8 }), unit: 'per minute' });
    assert.ok(Math.abs((result.estimate ?? 0) - 0.2) < 0.03);
    assert.equal(result.unit, 'per minute');
    assert.match(result.sentence, /^orders got worse by at least \d+% \(estimate \d+%\), more than the allowed 10%; 60 slots of time$/);
  });
  test('weighs slots by their observations', () => {
    const heavy = { value: 100, weight: 1_000 };
    const light = { value: 500, weight: 1 };
    const slots = Array.from({ length: 20 }, (_, index) => ({ baseline: heavy, candidate: index % 2 === 0 ? heavy : light }));
    assert.ok(Math.abs((judge(lower, { name: 'orders', kind: 'numeric', slots }).candidate ?? 0) - 100.4) < 0.1);
  });
  test('of an old side without a level has no share', () => {
    const zero = orders({}).slots.map(({ candidate }) => ({ baseline: { value: 0, weight: 1 }, candidate }));
    const result = judge(lower, { name: 'orders', kind: 'numeric', slots: zero });
    assert.equal(result.verdict, 'noData');
    assert.match(result.sentence, /is 0 on the old side/);
  });
});

describe('a gap', () => {
  const withGaps = (gaps: number) => ({ ...orders({}), slots: orders({}).slots.map((slot, index) => (index < gaps ? { ...slot, candidate: null } : slot)) });
  test('is no data, and more than a tenth of them is no data for the whole metric', () => {
    const few = judge(higher, withGaps(6));
    assert.equal(few.verdict, 'pass');
    assert.equal(few.n, 54);
    const many = judge(higher, withGaps(7));
    assert.equal(many.overall, 'noData');
    assert.match(many.sentence, /has gaps: 7 of 60 slots miss a value, and 10% may/);
  });
  test('everywhere, or no series at all, or one of another kind, is no data', () => {
    assert.equal(judge(higher, { ...orders({}), slots: [] }).verdict, 'noData');
    assert.equal(judge(higher, orders({ slots: 9 })).verdict, 'noData');
    assert.match(judge(higher).sentence, /orders was not sampled/);
    assert.match(judge(higher, { name: 'orders', kind: 'ratio', slots: [] }).sentence, /sampled as ratio, and numeric is asked/);
  });
  test('that is not a number cannot be stored as one', () => {
    const bytes = (value: unknown) => Buffer.from(JSON.stringify({ ...seriesOf(orders({})), ...(value as object) }));
    assert.equal(parseSeries(bytes({})).metrics.length, 1);
    const nan = { metrics: [{ name: 'orders', kind: 'numeric', slots: [{ baseline: { value: NaN, weight: 1 }, candidate: null }] }] };
    for (const wrong of [bytes(nan), bytes({ version: 2 }), bytes({ more: 1 }), Buffer.from('no json'), bytes({ algorithm: 'minute-samples/9' })]) {
      assert.throws(
        () => parseSeries(wrong),
        (thrown: unknown) => thrown instanceof SlipwayError && thrown.code === 'EVIDENCE_INVALID',
      );
    }
  });
});

describe('a share of each minute', () => {
  const failing = (baseline: number, candidate: number): MetricSeries => ({
    ...{ name: 'checkout', kind: 'ratio' },
    slots: Array.from({ length: 60 }, () => ({ baseline: { events: baseline, trials: 500 }, candidate: { events: candidate, trials: 500 } })),
  });
  test('is compared in points, whichever way is better', () => {
    assert.equal(judge(checkout, failing(5, 5)).overall, 'pass');
    assert.equal(judge(checkout, failing(5, 15)).overall, 'fail');
    assert.equal(judge({ ...checkout, direction: 'higher' }, failing(480, 460)).overall, 'fail');
    assert.equal(judge({ ...checkout, direction: 'higher' }, failing(480, 481)).overall, 'pass');
    assert.equal(judge({ ...checkout, minSamples: 30_001 }, failing(5, 5)).overall, 'noData');
    assert.match(judge(checkout, failing(5, 15)).sentence, /got worse by at least [\d.]+pp/);
  });
});

test('bounds of a ratio of means: swap the sides and they are reciprocal; the unit does not matter', () => {
  const sample = fc.record({ value: fc.double({ min: 50, max: 150, noNaN: true }), weight: fc.double({ min: 1, max: 5, noNaN: true }) });
  const slots = fc.array(fc.record({ baseline: sample, candidate: sample }), { minLength: 12, maxLength: 40 });
  fc.assert(
    fc.property(slots, fc.constantFrom(0.001, 7, 1_000), (list, unit) => {
      const there = meanRatio(list, 0.95);
      const back = meanRatio(
        list.map(({ baseline, candidate }) => ({ baseline: candidate, candidate: baseline })),
        0.95,
      );
      const scaled = meanRatio(
        list.map(({ baseline, candidate }) => ({
          baseline: { ...baseline, value: baseline.value * unit },
          candidate: { ...candidate, value: candidate.value * unit },
        })),
        0.95,
      );
      for (const name of ['lower', 'upper', 'estimate'] as const) {
        assert.ok(there[name] === scaled[name] || Math.abs(there[name] / scaled[name] - 1) < 1e-6, `${name}: ${there[name]} and ${scaled[name]}`);
      }
      if (there.method === 'wanders' || back.method === 'wanders' || !Number.isFinite(there.upper) || there.lower <= 0) return;
      assert.ok(Math.abs(there.upper * back.lower - 1) < 1e-6 && Math.abs(there.lower * back.upper - 1) < 1e-6);
    }),
  );
});
