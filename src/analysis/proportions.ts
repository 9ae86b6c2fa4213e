import { betaQuantile, bisect, normalQuantile } from './special.ts';

/** Events among trials. */
export interface Count {
  readonly events: number;
  readonly trials: number;
}
/** One-sided bounds, each at the asked confidence. */
export interface Bounds {
  readonly lower: number;
  readonly upper: number;
}

/** Clopper and Pearson's exact bounds of a proportion. With no event the upper one is the rule of three without rounding. */
export function clopperPearson({ events, trials }: Count, confidence: number): Bounds {
  return {
    lower: events === 0 ? 0 : betaQuantile(1 - confidence, events, trials - events + 1),
    upper: events === trials ? 1 : betaQuantile(confidence, events + 1, trials - events),
  };
}

/**
 * Miettinen and Nurminen's score bounds of `candidate - baseline`. When neither side had an event the score method is too sure of
 * itself, and the exact bound of the candidate alone takes its place (its true rate minus a baseline of zero).
 */
export function differenceBounds(baseline: Count, candidate: Count, confidence: number): Bounds {
  if (baseline.events === 0 && candidate.events === 0) {
    return { lower: -clopperPearson(baseline, confidence).upper, upper: clopperPearson(candidate, confidence).upper };
  }
  const z = normalQuantile(confidence);
  const estimate = candidate.events / candidate.trials - baseline.events / baseline.trials;
  const score = (difference: number) => scoreAt(difference, baseline, candidate);
  return {
    lower: estimate <= -1 ? -1 : bisect((difference) => z - score(difference), -1, estimate),
    upper: estimate >= 1 ? 1 : bisect((difference) => -z - score(difference), estimate, 1),
  };
}

/** How many standard errors the observed difference is above `difference`; the error is the one that holds under it. */
function scoreAt(difference: number, baseline: Count, candidate: Count): number {
  const gap = candidate.events / candidate.trials - baseline.events / baseline.trials - difference;
  const base = constrainedRate(difference, baseline, candidate);
  const other = Math.min(1, Math.max(0, base + difference));
  const trials = baseline.trials + candidate.trials;
  const variance = ((base * (1 - base)) / baseline.trials + (other * (1 - other)) / candidate.trials) * (trials / (trials - 1));
  if (gap === 0) return 0;
  return variance <= 0 ? Math.sign(gap) * Infinity : gap / Math.sqrt(variance);
}

/** The likeliest baseline rate when the difference of the rates is given: the root of the likelihood's cubic equation. */
function constrainedRate(difference: number, baseline: Count, candidate: Count): number {
  const trials = baseline.trials + candidate.trials;
  const events = baseline.events + candidate.events;
  const l2 = ((candidate.trials + 2 * baseline.trials) * difference - trials - events) / trials;
  const l1 = ((baseline.trials * difference - trials - 2 * baseline.events) * difference + events) / trials;
  const l0 = (baseline.events * difference * (1 - difference)) / trials;
  const q = (l2 / 3) ** 3 - (l1 * l2) / 6 + l0 / 2;
  const p = (q < 0 ? -1 : 1) * Math.sqrt(Math.max(0, (l2 / 3) ** 2 - l1 / 3));
  const angle = p === 0 ? Math.PI / 2 : (Math.PI + Math.acos(Math.min(1, Math.max(-1, q / p ** 3)))) / 3;
  const root = 2 * p * Math.cos(angle) - l2 / 3;
  return Math.min(1, 1 - difference, Math.max(0, -difference, root));
}

/** The likeliest baseline share when the shares differ by `difference`. */
export function likeliestUnder(difference: number, baseline: Count, candidate: Count): number {
  return constrainedRate(difference, baseline, candidate);
}
