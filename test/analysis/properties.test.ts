import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { compare, createHistogram, type Metric, mergeEncoded, type Slot, VERDICTS } from '../../src/analysis/index.ts';
import { shareDifference, shareShortfall } from '../../src/analysis/shares.ts';
import { clopperPearson, differenceBounds } from '../../src/analysis/proportions.ts';
import { arm, dualRun, evidenceOf, slot } from './made.ts';

const p90 = (margin: number): Metric => ({ name: 'latency', kind: 'latency', quantiles: { p90: margin } });
const count = fc.tuple(fc.nat(400), fc.integer({ min: 1, max: 400 })).map(([events, trials]) => ({ events: Math.min(events, trials), trials }));
const confidence = fc.double({ min: 0.8, max: 0.99, noNaN: true });
const runs = fc
  .integer({ min: 1, max: 1_000 })
  .chain((seed) => fc.double({ min: 0.7, max: 1.5, noNaN: true }).map((factor) => dualRun({ seed, n: 1_200, slots: 12, candidate: (ms) => ms * factor })));
const swapped = ({ baseline, candidate, parity }: Slot): Slot => ({ baseline: candidate, candidate: baseline, parity });

test('a difference of rates is antisymmetric: swap the sides and the bounds swap their sign', () => {
  fc.assert(
    fc.property(count, count, confidence, (a, b, level) => {
      const [there, back] = [differenceBounds(a, b, level), differenceBounds(b, a, level)];
      assert.ok(Math.abs(there.upper + back.lower) < 1e-9 && Math.abs(there.lower + back.upper) < 1e-9);
    }),
  );
});

test('bounds hold the estimate, and widen with the confidence', () => {
  fc.assert(
    fc.property(count, count, (a, b) => {
      const estimate = b.events / b.trials - a.events / a.trials;
      const [loose, tight] = [differenceBounds(a, b, 0.8), differenceBounds(a, b, 0.99)];
      assert.ok(loose.lower <= estimate + 1e-9 && estimate - 1e-9 <= loose.upper);
      assert.ok(tight.lower <= loose.lower + 1e-9 && loose.upper <= tight.upper + 1e-9);
      assert.ok(tight.lower >= -1 && tight.upper <= 1);
    }),
  );
});

test('Clopper-Pearson bounds mirror each other and cover at least as often as they say', () => {
  fc.assert(
    fc.property(count, ({ events, trials }) => {
      const [there, back] = [clopperPearson({ events, trials }, 0.95), clopperPearson({ events: trials - events, trials }, 0.95)];
      assert.ok(Math.abs(there.upper - (1 - back.lower)) < 1e-9);
    }),
  );
  // Exact coverage of the upper bound for 50 trials: chance of the counts whose bound is not below the truth.
  for (let rate = 0.01; rate < 1; rate += 0.01) {
    let [covered, chance] = [0, (1 - rate) ** 50];
    for (let events = 0; events <= 50; events++) {
      if (clopperPearson({ events, trials: 50 }, 0.95).upper >= rate) covered += chance;
      chance *= ((50 - events) / (events + 1)) * (rate / (1 - rate));
    }
    assert.ok(covered >= 0.95 - 1e-9, `coverage ${covered} at ${rate}`);
  }
});

test('latency: the estimate of swapped sides is the reciprocal', () => {
  fc.assert(
    fc.property(runs, (evidence) => {
      const [there] = compare(evidence, [p90(0.1)]).metrics;
      const [back] = compare({ ...evidence, slots: evidence.slots.map(swapped) }, [p90(0.1)]).metrics;
      assert.ok(Math.abs((1 + (there?.estimate ?? NaN)) * (1 + (back?.estimate ?? NaN)) - 1) < 1e-9);
    }),
    { numRuns: 25 },
  );
});

test('latency: the unit does not matter', () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: 2, max: 900, noNaN: true }), { minLength: 400, maxLength: 400 }), fc.constantFrom(2, 4, 16), (values, factor) => {
      const [half, rest] = [values.slice(0, 200), values.slice(200)];
      // Doubling moves every value into the bucket of the same place one power of two higher, up to rounding to whole microseconds.
      const whole = (list: readonly number[]) => list.map((ms) => Math.round(ms * 1_000) / 1_000);
      const part = (list: readonly number[], index: number, scale: number) => arm(whole(list.slice(index * 20, index * 20 + 20)).map((ms) => ms * scale));
      const at = (scale: number) => {
        const slots = Array.from({ length: 10 }, (_, index) => slot(part(half, index, scale), part(rest, index, scale)));
        return evidenceOf(slots, { timeoutMs: 1e6 });
      };
      const metric: Metric = { name: 'latency', kind: 'latency', quantiles: { p50: 0.1 } };
      const [small] = compare(at(1), [metric]).metrics;
      const [large] = compare(at(factor), [metric]).metrics;
      assert.equal(small?.verdict, large?.verdict);
      assert.ok(Math.abs((small?.estimate ?? NaN) - (large?.estimate ?? NaN)) < 0.002);
    }),
    { numRuns: 25 },
  );
});

test('a wider margin never makes a verdict worse', () => {
  const rank = (verdict: string) => ['fail', 'inconclusive', 'pass'].indexOf(verdict);
  fc.assert(
    fc.property(runs, fc.tuple(fc.double({ min: 0, max: 0.6, noNaN: true }), fc.double({ min: 0, max: 0.6, noNaN: true })), (evidence, margins) => {
      const [narrow, wide] = margins.toSorted((a, b) => a - b).map((margin) => compare(evidence, [p90(margin)]).verdict);
      assert.ok(rank(narrow ?? '') >= 0 && rank(narrow ?? '') <= rank(wide ?? ''), `${narrow} became ${wide}`);
    }),
    { numRuns: 25 },
  );
});

test('whatever was counted, there is a verdict and it can be stored', () => {
  const side = fc
    .record({ fast: fc.nat(200), slow: fc.nat(50), server: fc.nat(40), transport: fc.nat(40), timeout: fc.nat(40) })
    .map(({ fast, slow, ...errors }) => arm([...Array<number>(fast).fill(3), ...Array<number>(slow).fill(700)], errors));
  const slots = fc.array(fc.tuple(side, side), { maxLength: 14 }).map((pairs) => pairs.map(([a, b]) => slot(a, b, Math.min(a.sent, b.sent, 3))));
  fc.assert(
    fc.property(slots, (list) => {
      const metrics: Metric[] = [p90(0.2), { name: 'errors', kind: 'rate', margin: 0.01 }, { name: 'parity', kind: 'mismatch', max: 0.05 }];
      const verdict = compare(evidenceOf(list), metrics);
      assert.ok(VERDICTS.includes(verdict.verdict));
      for (const metric of verdict.metrics) {
        for (const value of [metric.n, metric.estimate, metric.lower, metric.upper]) assert.ok(value === null || Number.isFinite(value), metric.sentence);
        assert.ok(!/NaN|undefined/.test(metric.sentence), metric.sentence);
      }
    }),
    { numRuns: 200 },
  );
});

const latencies = fc.array(fc.double({ min: 0.01, max: 60_000, noNaN: true }), { maxLength: 300 });
const sketch = (values: readonly number[]) => {
  const histogram = createHistogram();
  for (const ms of values) histogram.record(ms);
  return histogram.encode();
};

test('the merge of sketches is the sketch of the merge, in whatever order and grouping', () => {
  fc.assert(
    fc.property(fc.array(latencies, { minLength: 1, maxLength: 5 }), (parts) => {
      const whole = sketch(parts.flat());
      assert.deepEqual(mergeEncoded(parts.map(sketch)), whole);
      assert.deepEqual(mergeEncoded(parts.toReversed().map(sketch)), whole);
      assert.deepEqual(mergeEncoded([mergeEncoded(parts.slice(0, 2).map(sketch)), mergeEncoded(parts.slice(2).map(sketch))]), whole);
    }),
  );
});

test('the order of requests within a slot does not matter', () => {
  fc.assert(
    fc.property(latencies, fc.integer(), (values, by) => {
      const shuffled = values.map((ms, index) => [Math.sin(index * by + by), ms] as const).toSorted(([a], [b]) => a - b);
      assert.deepEqual(sketch(shuffled.map(([, ms]) => ms)), sketch(values));
    }),
  );
});

test('more of the same never makes bounds of shares wider', () => {
  const counts = fc.tuple(fc.nat(30), fc.integer({ min: 31, max: 60 })).map(([events, trials]) => ({ events, trials }));
  const slots = fc.array(fc.record({ baseline: counts, candidate: counts }), { minLength: 10, maxLength: 30 });
  fc.assert(
    fc.property(slots, fc.integer({ min: 2, max: 20 }), (list, by) => {
      const times = ({ events, trials }: { events: number; trials: number }) => ({ events: events * by, trials: trials * by });
      const [few, many] = [list, list.map(({ baseline, candidate }) => ({ baseline: times(baseline), candidate: times(candidate) }))];
      for (const bounds of [shareDifference, shareShortfall]) {
        const [narrow, wide] = [bounds(many, 0.95), bounds(few, 0.95)];
        assert.ok(
          narrow.upper <= wide.upper + 1e-9 && narrow.lower >= wide.lower - 1e-9,
          `${wide.lower} to ${wide.upper}, then ${narrow.lower} to ${narrow.upper}`,
        );
      }
    }),
    { numRuns: 60 },
  );
});

test('nine times as many requests make bounds of latency narrower', () => {
  const width = (seed: number, n: number) => {
    const [result] = compare(dualRun({ seed, n, slots: 60 }), [p90(0.2)]).metrics;
    return (result?.upper ?? Infinity) - (result?.lower ?? -Infinity);
  };
  for (const seed of [1, 2, 3, 4, 5]) assert.ok(width(seed, 10_800) < 0.7 * width(seed, 1_200), `seed ${seed}`);
});

test('shares in slots: swap the sides and the difference swaps its sign, and the shortfall becomes its inverse', () => {
  const counts = fc.tuple(fc.nat(30), fc.integer({ min: 31, max: 60 })).map(([events, trials]) => ({ events, trials }));
  const slots = fc.array(fc.record({ baseline: counts, candidate: counts }), { minLength: 10, maxLength: 30 });
  fc.assert(
    fc.property(slots, confidence, (list, level) => {
      const back = list.map(({ baseline, candidate }) => ({ baseline: candidate, candidate: baseline }));
      const [one, other] = [shareDifference(list, level), shareDifference(back, level)];
      assert.ok(Math.abs(one.upper + other.lower) < 1e-9 && Math.abs(one.lower + other.upper) < 1e-9);
      const [there, again] = [shareShortfall(list, level), shareShortfall(back, level)];
      if (there.method === 'wanders' || !Number.isFinite(there.upper + there.lower + again.upper + again.lower)) return;
      assert.ok(Math.abs((1 - there.upper) * (1 - again.lower) - 1) < 1e-6, `${there.upper} and ${again.lower}`);
    }),
    { numRuns: 50 },
  );
});
