import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { compare, createMonitor, detectionDelay, type Evidence, goalsOf, harmIn, type Metric } from '../../src/analysis/index.ts';
import { arm, dualRun, evenly, evidenceOf, slot } from './made.ts';

const latency: Metric = { name: 'latency', kind: 'latency', quantiles: { p50: 0.1, p95: 0.2 } };
const errors: Metric = { name: 'errors', kind: 'rate', margin: 0.005 };
const parity: Metric = { name: 'parity', kind: 'mismatch', max: 0.001 };
const told = (evidence: Evidence, metrics: readonly Metric[] = [latency, errors, parity]) => harmIn(evidence, metrics, 0.95);
const times = (n: number, ms = 20) => Array.from({ length: n }, (_, index) => ms + (index % 10));

describe('harm', () => {
  test('is not found between equal sides, also when nothing may be worse', () => {
    const strict: Metric = { name: 'latency', kind: 'latency', quantiles: { p50: 0, p95: 0, p99: 0 } };
    let alarms = 0;
    for (let seed = 1; seed <= 60; seed++) if (told(dualRun({ seed, n: 3_000 }), [strict, { ...errors, margin: 0 }]) !== null) alarms++;
    // At most 5 % over a whole run; 9 of 60 would be by chance once in a thousand.
    assert.ok(alarms < 9, `${alarms} alarms in 60 runs`);
  });
  test('is found early when the candidate is far slower, and says by what', () => {
    const harm = told(dualRun({ seed: 3, n: 12_000, candidate: (ms) => ms * 1.5 }));
    assert.ok(harm && harm.slot < 20, `slot ${harm?.slot}`);
    assert.match(harm.sentence, /^latency p\d+ grew by more than the allowed \d+% \(certain after \d+ slots\)$/);
  });
  test('is found in errors and in answers that differ', () => {
    const failing = evidenceOf(evenly(60, () => slot(arm(times(100)), arm(times(96), { server: 4 }))));
    assert.match(told(failing, [errors])?.sentence ?? '', /^errors: about 4pp more requests fail, and 0\.5pp is allowed/);
    const differing = evidenceOf(evenly(60, () => slot(arm(times(100)), arm(times(100)), 3)));
    assert.match(told(differing, [parity])?.sentence ?? '', /^parity: about 3% of the answers differ, and 0\.1% may/);
  });
  test('that is within the margin is none', () => {
    assert.equal(told(evidenceOf(evenly(200, (share) => slot(arm(times(100)), arm(times(100 - share(60)), { server: share(60) })))), [errors]), null);
  });
  test('of metrics that are not critical is nobody’s business', () => {
    assert.equal(told(dualRun({ seed: 3, n: 12_000, candidate: (ms) => ms * 1.5 }), [{ ...latency, critical: false }]), null);
  });
  test('is told as soon as one slot shows a candidate that is down, unless the baseline is down too', () => {
    const good = slot(arm(times(100)), arm(times(100)));
    const down = slot(arm(times(100)), arm(times(40), { transport: 60 }));
    const both = slot(arm(times(40), { transport: 60 }), arm(times(40), { transport: 60 }));
    const monitor = createMonitor([errors], { confidence: 0.95, timeoutMs: 1_000 });
    assert.equal(monitor.add(good), undefined);
    assert.equal(monitor.add(both), undefined);
    const harm = monitor.add(down);
    assert.equal(harm?.label, 'breaker');
    assert.equal(harm.slot, 2);
    assert.deepEqual(monitor.add(good), harm, 'what was certain stays certain');
  });
  test('makes the verdict a fail, even when the rest of the measurement looks well', () => {
    const slow = dualRun({ seed: 3, n: 6_000, candidate: (ms) => ms * 1.6 }).slots;
    const fast = dualRun({ seed: 4, n: 12_000, candidate: (ms) => ms * 0.7 }).slots;
    const verdict = compare(evidenceOf([...slow, ...fast]), [{ ...latency, quantiles: { p50: 0.1 } }]);
    assert.equal(verdict.verdict, 'fail');
    assert.match(verdict.sentence, /certain after \d+ slots/);
    assert.equal(verdict.harm?.label, 'latency p50');
  });
});

test('harm of twice the margin is told about when the plan says', () => {
  for (const metric of [latency, errors]) {
    for (const goal of goalsOf(metric)) {
      const [perSlot, runs] = [200, 12];
      const noise = { errorRate: 0.001 };
      const delay = detectionDelay(goal, { confidence: 0.95, watched: 1, perSlot, noise }) ?? NaN;
      let sum = 0;
      for (let seed = 1; seed <= runs; seed++) {
        const evidence =
          metric.kind === 'rate'
            ? evidenceOf(evenly(400, () => slot(arm(times(perSlot)), arm(times(perSlot - 2), { server: 2 }))))
            : dualRun({ seed, n: 400 * perSlot, slots: 400, candidate: (ms) => ms * (1 + 2 * goal.margin) });
        const one: Metric = metric.kind === 'latency' ? { ...metric, quantiles: { [goal.quantile ?? '']: goal.margin } } : metric;
        sum += ((told(evidence, [one])?.slot ?? 400) + 1) * perSlot;
      }
      const mean = sum / runs;
      assert.ok(mean < 2 * delay && mean > delay / 3, `${goal.label}: ${mean} requests instead of ${delay}`);
    }
  }
  const [sampled] = goalsOf({ name: 'orders', kind: 'numeric', direction: 'higher', margin: 0.1 });
  assert.equal(sampled && detectionDelay(sampled, { confidence: 0.95, watched: 1, perSlot: 100 }), undefined);
});
