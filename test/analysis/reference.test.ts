import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { z } from 'zod';
import { binomialSampler } from '../../src/analysis/binomial.ts';
import { mannWhitney } from '../../src/analysis/diagnostics.ts';
import { fieller } from '../../src/analysis/numeric.ts';
import { clopperPearson, differenceBounds } from '../../src/analysis/proportions.ts';
import { createRandom } from '../../src/analysis/random.ts';
import { ratioBounds } from '../../src/analysis/ratio-score.ts';
import { incompleteBeta, logGamma, normalCdf, normalQuantile, studentQuantile } from '../../src/analysis/special.ts';

// Made by reference/make.py from scipy and statsmodels; see there.
const row = z.array(z.number());
const pairs = z.array(row.length(7));
const list = z.array(z.number());
const Values = z.object({
  logGamma: z.array(row.length(2)),
  incompleteBeta: z.array(row.length(4)),
  normalQuantile: z.array(row.length(2)),
  normalCdf: z.array(row.length(2)),
  studentQuantile: z.array(row.length(3)),
  clopperPearson: z.array(row.length(5)),
  miettinenNurminen: pairs,
  newcombe: pairs,
  ratioScore: pairs,
  mannWhitney: z.array(z.object({ baseline: list, candidate: list, u: z.number(), p: z.number() })),
  fieller: z.array(z.object({ baseline: list, candidate: list, confidence: z.number(), lower: z.number(), upper: z.number() })),
  quantileBounds: z.array(row.length(5)),
});
const values = Values.parse(JSON.parse(readFileSync(new URL('reference/values.json', import.meta.url), 'utf8')));
type Row = readonly number[];
const at = (numbers: Row, index: number) => numbers[index] ?? NaN;

function near(actual: number, expected: number, relative: number, what: string): void {
  assert.ok(Math.abs(actual - expected) <= relative * Math.max(1e-6, Math.abs(expected)), `${what}: ${actual} instead of ${expected}`);
}
const counts = (numbers: Row) => ({
  candidate: { events: at(numbers, 0), trials: at(numbers, 1) },
  baseline: { events: at(numbers, 2), trials: at(numbers, 3) },
  confidence: at(numbers, 4),
});

test('distributions', () => {
  for (const [x, expected] of values.logGamma.map((numbers) => [at(numbers, 0), at(numbers, 1)] as const)) near(logGamma(x), expected, 1e-12, `logGamma ${x}`);
  for (const numbers of values.incompleteBeta)
    near(incompleteBeta(at(numbers, 0), at(numbers, 1), at(numbers, 2)), at(numbers, 3), 1e-9, `beta ${String(numbers)}`);
  for (const numbers of values.normalQuantile) near(normalQuantile(at(numbers, 0)), at(numbers, 1), 1e-9, `normal ${String(numbers)}`);
  for (const numbers of values.normalCdf) near(normalCdf(at(numbers, 0)), at(numbers, 1), 1e-8, `normal ${String(numbers)}`);
  for (const numbers of values.studentQuantile) near(studentQuantile(at(numbers, 0), at(numbers, 1)), at(numbers, 2), 1e-8, `student ${String(numbers)}`);
});

test('Clopper-Pearson', () => {
  for (const numbers of values.clopperPearson) {
    const bounds = clopperPearson({ events: at(numbers, 0), trials: at(numbers, 1) }, at(numbers, 2));
    near(bounds.lower, at(numbers, 3), 1e-8, `lower of ${String(numbers)}`);
    near(bounds.upper, at(numbers, 4), 1e-8, `upper of ${String(numbers)}`);
  }
});

test('Miettinen-Nurminen, difference', () => {
  for (const numbers of values.miettinenNurminen) {
    const { baseline, candidate, confidence } = counts(numbers);
    const bounds = differenceBounds(baseline, candidate, confidence);
    near(bounds.lower, at(numbers, 5), 1e-6, `lower of ${String(numbers)}`);
    near(bounds.upper, at(numbers, 6), 1e-6, `upper of ${String(numbers)}`);
  }
});

test('Miettinen-Nurminen, ratio', () => {
  for (const numbers of values.ratioScore) {
    const { baseline, candidate, confidence } = counts(numbers);
    const bounds = ratioBounds(baseline, candidate, confidence);
    near(bounds.lower, at(numbers, 5), 1e-6, `lower of ${String(numbers)}`);
    near(bounds.upper, at(numbers, 6), 1e-6, `upper of ${String(numbers)}`);
  }
});

test("Newcombe's hybrid bounds lie beside the score bounds: where both are sure, within a tenth of their width", () => {
  for (const numbers of values.newcombe) {
    const { baseline, candidate, confidence } = counts(numbers);
    if (Math.min(baseline.events, candidate.events) < 9) continue;
    const bounds = differenceBounds(baseline, candidate, confidence);
    const width = at(numbers, 6) - at(numbers, 5);
    assert.ok(Math.abs(bounds.lower - at(numbers, 5)) < width / 10 && Math.abs(bounds.upper - at(numbers, 6)) < width / 10, String(numbers));
  }
});

test('Mann-Whitney with ties', () => {
  for (const { baseline, candidate, u, p } of values.mannWhitney) {
    const found = mannWhitney(countsOf(baseline), countsOf(candidate));
    near(found.u, u, 1e-12, 'U');
    near(found.p, p, 1e-8, 'p');
    near(found.a12, u / (baseline.length * candidate.length), 1e-12, 'A12');
  }
});

function countsOf(list: readonly number[]): ReadonlyMap<number, number> {
  const found = new Map<number, number>();
  for (const value of list) found.set(value, (found.get(value) ?? 0) + 1);
  return found;
}

test('Fieller', () => {
  for (const { baseline, candidate, confidence, lower, upper } of values.fieller) {
    const n = baseline.length;
    const mean = (list: readonly number[]) => list.reduce((sum, value) => sum + value, 0) / n;
    const [a, b] = [mean(baseline), mean(candidate)];
    const product = (one: readonly number[], other: readonly number[]) =>
      one.reduce((sum, value, index) => sum + (value - mean(one)) * ((other[index] ?? 0) - mean(other)), 0) / (n - 1) / n;
    const variance = {
      ...{ first: product(baseline, baseline), second: product(candidate, candidate), both: product(baseline, candidate) },
      ...{ degrees: n - 1, factor: 1, correlated: false, wanders: false },
    };
    const bounds = fieller(a, b, { variance, t: studentQuantile(confidence, n - 1) });
    near(bounds.lower, lower, 1e-8, 'lower');
    near(bounds.upper, upper, 1e-8, 'upper');
  }
});

test('ranks of a quantile are drawn as the binomial distribution has them', () => {
  const random = createRandom(5, 'ranks');
  for (const numbers of values.quantileBounds) {
    const [n, q, confidence] = [at(numbers, 0), at(numbers, 1), at(numbers, 2)];
    const draw = binomialSampler(n, q);
    const ranks = Float64Array.from({ length: 40_000 }, () => draw(random)).sort();
    const rank = (p: number) => ranks[Math.floor(p * ranks.length)] ?? NaN;
    // Four standard errors of the share of 40,000 draws, as ranks.
    const slack = 1 + 4 * Math.sqrt((confidence * (1 - confidence)) / 40_000) * 12 * Math.sqrt(n * q * (1 - q));
    assert.ok(Math.abs(rank(1 - confidence) - at(numbers, 3)) <= slack, `low of ${String(numbers)}: ${rank(1 - confidence)}`);
    assert.ok(Math.abs(rank(confidence) + 1 - at(numbers, 4)) <= slack, `high of ${String(numbers)}: ${rank(confidence)}`);
  }
});
