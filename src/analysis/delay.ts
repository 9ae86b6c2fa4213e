import { cosinesFor } from './long-run.ts';
import { quantileIn } from './metric.ts';
import { BURN_IN, LEAST_SCALE } from './monitor.ts';
import { ASSUMED, type Noise } from './noise.ts';
import type { Goal } from './sample-size.ts';
import { normalDensity, normalQuantile, studentQuantile } from './special.ts';

export interface DelayQuestion {
  /** Of the whole measurement. */
  readonly confidence: number;
  /** Critical goals that are watched at the same time. */
  readonly watched: number;
  /** Requests per side in one slot of time. */
  readonly perSlot: number;
  readonly noise?: Partial<Noise>;
}

/**
 * Requests per side after which a monitor tells harm of twice the margin, on average; undefined for what is not watched while the probe runs, Infinity
 * when it cannot be told.
 */
export function detectionDelay(goal: Goal, question: DelayQuestion): number | undefined {
  const noise = { ...ASSUMED, ...question.noise };
  const shift = shiftOf(goal, noise);
  if (!shift) return undefined;
  const { mean, variance } = shift;
  if (mean <= 0) return Infinity;
  const alpha = (1 - question.confidence) / question.watched;
  const allowance = (studentQuantile(1 - alpha, cosinesFor(60)) / normalQuantile(1 - alpha)) ** 2;
  const scale = Math.max(LEAST_SCALE, 2 * variance * question.perSlot);
  const isTold = (n: number) => {
    const spread = allowance * variance * n;
    return mean * n > Math.sqrt((spread + scale) * (2 * Math.log(1 / alpha) + Math.log((spread + scale) / scale)));
  };
  const before = goal.kind === 'latency' ? BURN_IN : 0;
  let n = BURN_IN;
  while (!isTold(n) && n < 1e12) n = Math.ceil(n * 1.02) + 1;
  return n >= 1e12 ? Infinity : Math.max(BURN_IN * question.perSlot, n) + before * question.perSlot;
}

/** What one request adds to the excess, and how much that varies, when the candidate is worse by twice the margin. */
function shiftOf({ kind, margin, quantile }: Goal, noise: Noise): { readonly mean: number; readonly variance: number } | undefined {
  switch (kind) {
    case 'latency': {
      const q = quantileIn(quantile ?? 'p50');
      const spread = noise.quantiles[quantile ?? '']?.spread ?? (noise.logDeviation * Math.sqrt(2 * q * (1 - q))) / normalDensity(normalQuantile(q));
      const density = Math.sqrt(2 * q * (1 - q)) / spread;
      const mean = Math.min(q, density * Math.log((1 + 2 * margin) / (1 + margin)));
      const share = 1 - q + mean;
      return { mean, variance: q * (1 - q) + share * (1 - share) };
    }
    case 'rate':
    case 'throughput':
      return { mean: margin, variance: 2 * (noise.errorRate + margin) * noise.errorClustering };
    case 'mismatch':
      return { mean: margin, variance: 2 * margin };
    case 'numeric':
    case 'ratio':
      return undefined;
  }
}
