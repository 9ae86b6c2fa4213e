import type { Bounds, Count } from './proportions.ts';
import { bisect, normalQuantile } from './special.ts';

/** Score bounds of the ratio of two shares, `candidate ÷ baseline` (Koopman 1984; Miettinen and Nurminen 1985). */
export function ratioBounds(baseline: Count, candidate: Count, confidence: number): Bounds {
  const z = normalQuantile(confidence);
  const rates = { baseline: baseline.events / baseline.trials, candidate: candidate.events / candidate.trials };
  const estimate = rates.baseline === 0 ? Infinity : rates.candidate / rates.baseline;
  const score = (logRatio: number) => scoreAt(Math.exp(logRatio), baseline, candidate);
  // Ratios beyond e^±20 are as good as none.
  const [least, most] = [-20, 20];
  const middle = Math.min(most, Math.max(least, Math.log(estimate)));
  return {
    lower: estimate === 0 ? 0 : Math.exp(bisect((ratio) => z - score(ratio), least, middle)),
    upper: estimate === Infinity ? Infinity : Math.exp(bisect((ratio) => -z - score(ratio), middle, most)),
  };
}

/** How many standard errors the candidate is above `ratio` times the baseline; the error is the one that holds under that ratio. */
function scoreAt(ratio: number, baseline: Count, candidate: Count): number {
  const trials = baseline.trials + candidate.trials;
  const gap = candidate.events / candidate.trials - (ratio * baseline.events) / baseline.trials;
  const base = constrainedRate(ratio, baseline, candidate);
  const other = Math.min(1, ratio * base);
  const variance = ((other * (1 - other)) / candidate.trials + (ratio ** 2 * base * (1 - base)) / baseline.trials) * (trials / (trials - 1));
  if (gap === 0) return 0;
  return variance <= 0 ? Math.sign(gap) * Infinity : gap / Math.sqrt(variance);
}

/** The likeliest baseline rate when the ratio of the rates is given: the smaller root of the likelihood's quadratic equation. */
function constrainedRate(ratio: number, baseline: Count, candidate: Count): number {
  const a = (baseline.trials + candidate.trials) * ratio;
  const b = candidate.trials * ratio + candidate.events + baseline.trials + baseline.events * ratio;
  const c = candidate.events + baseline.events;
  const root = (b - Math.sqrt(Math.max(0, b * b - 4 * a * c))) / (2 * a);
  return Math.min(1, 1 / ratio, Math.max(0, root));
}
