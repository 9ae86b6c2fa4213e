import assert from 'node:assert/strict';
import { test } from 'node:test';
import { differenceBounds } from '../../src/analysis/proportions.ts';

function near(actual: number, expected: number, relative = 1e-9): void {
  assert.ok(Math.abs(actual - expected) <= relative * Math.max(1e-9, Math.abs(expected)), `${actual} instead of ${expected}`);
}

test('Miettinen-Nurminen bounds of a difference, as published', () => {
  // Newcombe (1998), Statistics in Medicine 17, 873-890, table II, method 6: 95 % two-sided, four decimals.
  const rows = [
    [56, 70, 48, 80, 0.0528, 0.3382],
    [9, 10, 3, 10, 0.17, 0.8406],
    [6, 7, 2, 7, 0.0342, 0.8534],
    [5, 56, 0, 29, -0.0326, 0.1933],
    [10, 10, 0, 20, 0.7156, 1],
  ] as const;
  for (const [events, trials, otherEvents, otherTrials, lower, upper] of rows) {
    const bounds = differenceBounds({ events: otherEvents, trials: otherTrials }, { events, trials }, 0.975);
    assert.equal(bounds.lower.toFixed(4), lower.toFixed(4));
    assert.equal(bounds.upper.toFixed(4), upper.toFixed(4));
  }
});

test('no events at all: the exact bound of the candidate', () => {
  const bounds = differenceBounds({ events: 0, trials: 5_000 }, { events: 0, trials: 3_000 }, 0.95);
  near(bounds.upper, 1 - 0.05 ** (1 / 3_000));
  near(bounds.lower, -(1 - 0.05 ** (1 / 5_000)));
});
