import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { compare, confidenceAt, Evidence, type Metric, planLooks } from '../../src/analysis/index.ts';
import { dualRun } from './made.ts';

test('looks rise from the planned length to the longest, and share one chance to be wrong', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 500 }), fc.integer({ min: 0, max: 500 }), (planned, most) => {
      const looks = planLooks(planned, most);
      assert.equal(looks[0]?.slots, planned);
      assert.equal(looks.at(-1)?.slots, Math.max(planned, most));
      assert.ok(looks.every(({ slots }, index) => index === 0 || slots >= (looks[index - 1]?.slots ?? 0)));
      assert.ok(Math.abs(looks.reduce((sum, { share }) => sum + share, 0) - 1) < 1e-12);
      assert.ok(looks.length <= 4);
    }),
  );
  assert.deepEqual(planLooks(60, 60), [{ slots: 60, share: 1 }]);
  assert.equal(confidenceAt({ share: 1 }, 0.95), 0.95);
  assert.ok(Math.abs(confidenceAt({ share: 0.5 }, 0.95) - 0.975) < 1e-12);
});

test('a verdict at a look is as sure as its part of the chance wants', () => {
  const metric: Metric = { name: 'latency', kind: 'latency', quantiles: { p50: 0.1 } };
  const evidence = dualRun({ seed: 5, n: 3_000 });
  const looks = [
    { slots: 60, share: 0.5 },
    { slots: 120, share: 0.5 },
  ];
  const planned = compare({ ...evidence, plan: { looks, at: 0 } }, [metric]);
  assert.ok(Math.abs((planned.atLook ?? 0) - 0.975) < 1e-12);
  assert.deepEqual(planned.metrics, compare(evidence, [metric], { confidence: planned.atLook ?? 0 }).metrics);
  assert.equal(planned.confidence, 0.95);
});

test('over a whole measurement that may be extended, a wrong pass at exactly the margin stays rare', () => {
  const metric: Metric = { name: 'latency', kind: 'latency', quantiles: { p50: 0.1 } };
  const looks = planLooks(60, 150);
  const runs = 60;
  let passed = 0;
  for (let seed = 1; seed <= runs; seed++) {
    const evidence = dualRun({ seed, n: 150 * 40, slots: 150, candidate: (ms) => ms * 1.1 });
    for (const [at, { slots }] of looks.entries()) {
      const { verdict } = compare({ ...evidence, slots: evidence.slots.slice(0, slots), plan: { looks: [...looks], at } }, [metric]);
      if (verdict === 'pass') passed++;
      if (verdict === 'pass' || verdict === 'fail') break;
    }
  }
  // Nominal 5 %; three standard deviations of 60 draws are 8 %.
  assert.ok(passed / runs < 0.14, `${passed} of ${runs} passed`);
});

test('a plan of looks that is none is no evidence', () => {
  const evidence = dualRun({ seed: 5, n: 120, slots: 12 });
  const half = { slots: 12, share: 0.5 };
  assert.ok(Evidence.safeParse({ ...evidence, plan: { looks: [half, half], at: 1 } }).success);
  for (const plan of [
    { looks: [half], at: 1 },
    { looks: [], at: 0 },
    { looks: [half, half, half], at: 0 },
    { looks: [{ slots: 12, share: 2 }], at: 0 },
  ])
    assert.ok(!Evidence.safeParse({ ...evidence, plan }).success, JSON.stringify(plan));
});
