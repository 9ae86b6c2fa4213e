import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clopperPearson, differenceBounds } from '../../src/analysis/proportions.ts';
import { incompleteBeta, logGamma, normalCdf, normalQuantile, studentQuantile } from '../../src/analysis/special.ts';

// Unless told otherwise the numbers come from scipy 1.x: scipy.special.gammaln and betainc, scipy.stats.norm.ppf and t.ppf;
// Clopper-Pearson from statsmodels' proportion_confint(k, n, 0.1, method='beta').

function near(actual: number, expected: number, relative = 1e-9): void {
  assert.ok(Math.abs(actual - expected) <= relative * Math.max(1e-9, Math.abs(expected)), `${actual} instead of ${expected}`);
}

test('logarithm of the gamma function', () => {
  for (const [x, expected] of [
    [0.1, 2.252712651734206],
    [1.5, -0.12078223763524526],
    [10, 12.801827480081469],
    [1000.5, 5908.674175848678],
    [1e6, 12815504.569147611],
  ] as const)
    near(logGamma(x), expected, 1e-13);
});

test('incomplete beta function', () => {
  near(incompleteBeta(0.4, 2, 3), 0.5248);
  near(incompleteBeta(0.1, 0.5, 0.5), 0.20483276469913345);
  near(incompleteBeta(0.999, 2998, 5), 0.8150110503821523);
  near(incompleteBeta(0.998, 50_000, 120), 0.9702760174969877);
  assert.equal(incompleteBeta(0, 2, 3), 0);
  assert.equal(incompleteBeta(1, 2, 3), 1);
});

test('normal and Student quantiles', () => {
  for (const [p, expected] of [
    [0.9, 1.2815515655446004],
    [0.95, 1.6448536269514722],
    [0.975, 1.959963984540054],
    [0.999, 3.090232306167813],
  ] as const) {
    near(normalQuantile(p), expected);
    near(normalQuantile(1 - p), -expected);
    near(normalCdf(expected), p);
  }
  for (const [p, degrees, expected] of [
    [0.95, 9, 1.833112932656237],
    [0.975, 1, 12.706204736174694],
    [0.99, 30, 2.457261542400591],
    [0.95, 2, 2.9199855803537242],
  ] as const)
    near(studentQuantile(p, degrees), expected);
});

test('Clopper-Pearson bounds', () => {
  const rows = [
    [0, 3_000, 0, 0.000998079011996587],
    [1, 30, 0.0017083156444657344, 0.14859606865911315],
    [5, 100, 0.019905563662171832, 0.10225337764327451],
    [263, 10_000, 0.023720497954158135, 0.029086784380310093],
    [29, 30, 0.8514039313408869, 0.9982916843555343],
  ] as const;
  for (const [events, trials, lower, upper] of rows) {
    const bounds = clopperPearson({ events, trials }, 0.95);
    near(bounds.lower, lower);
    near(bounds.upper, upper);
  }
  // The rule of three.
  near(clopperPearson({ events: 0, trials: 100_000 }, 0.95).upper, 3 / 100_000, 0.002);
});

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
  near(bounds.upper, 0.000998079011996587);
  near(bounds.lower, -(1 - 0.05 ** (1 / 5_000)));
});
