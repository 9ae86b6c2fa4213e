/** How much two sums over slots of time vary, and vary together, when neighbouring slots are alike. */
export interface LongRun {
  /** Variance of the first sum, of the second, and their covariance. */
  readonly first: number;
  readonly second: number;
  readonly both: number;
  /** Degrees of freedom of the estimate, for Student's t. */
  readonly degrees: number;
  /** By what the variances were raised, because neighbouring slots are alike; whether that is more than chance may be. */
  readonly factor: number;
  readonly correlated: boolean;
  /** The difference wanders so slowly that no variance can be told from this many slots. */
  readonly wanders: boolean;
}
/** Deviations of each slot from what was expected, one number per slot, and how many were counted in all. */
export interface SlotSums {
  readonly sums: readonly number[];
  readonly n: number;
}

/** Fewer slots than this say nothing about how slots hang together. */
export const LEAST_SLOTS = 10;
/** Power of the slowest waves over that of fast ones, beyond which the slowest are taken for a drift that does not average out. */
const WANDERING = 7;
/** Correlations above this many standard errors of chance are corrected for, and above this many are believed. */
const LIKELY = 1;
const SURE = 1.645;
/** The correction is itself uncertain; simulations of correlations up to 0.7 in an hour of minutes keep their rate with this much more. */
const ALLOWANCE = 1.3;

/** Cosines for a series of this length: few are robust against slow waves, many make narrow bounds. */
export function cosinesFor(slots: number): number {
  return Math.max(4, Math.round(0.5 * slots ** (2 / 3)));
}

/**
 * Long-run variance by equal-weighted cosines (Lazarus, Lewis, Stock and Watson 2018): what a series holds of its slowest waves tells how much its
 * sum varies, whatever neighbouring slots have in common. It needs no choice of blocks, and has a Student distribution with known degrees. Where the
 * difference of both means is correlated from slot to slot, the variance is raised to what a first-order autoregression plus noise makes of it at
 * frequency zero; where its slowest waves stand out all the same, it wanders.
 *
 * @param first at least LEAST_SLOTS slots. @param second the other side, in the same slots.
 */
export function longRun(first: SlotSums, second: SlotSums): LongRun {
  const slots = first.sums.length;
  const degrees = cosinesFor(slots);
  const [old, fresh] = [waves(first.sums, degrees), waves(second.sums, degrees)];
  const difference = second.sums.map((sum, index) => sum / second.n - (first.sums[index] ?? 0) / first.n);
  const { lag, factor } = raised(difference, degrees);
  // Each cosine has variance slots ÷ 2 times that of a sum.
  const scale = (2 / degrees) * factor;
  const product = (a: readonly number[], b: readonly number[]) => a.reduce((sum, value, index) => sum + value * (b[index] ?? 0), 0) * scale;
  const correlated = lag > SURE;
  const variances = { first: product(old, old), second: product(fresh, fresh), both: product(old, fresh) };
  return { ...variances, degrees, factor, correlated, wanders: correlated && isSteep(difference, degrees) };
}

function waves(series: readonly number[], many: number): readonly number[] {
  const slots = series.length;
  return Array.from({ length: many }, (_, wave) => {
    return series.reduce((sum, value, slot) => sum + value * Math.cos((Math.PI * (wave + 1) * (slot + 0.5)) / slots), 0);
  });
}

/** How much the spectrum at zero is above its mean over the cosines used; 1 when neighbouring slots are not alike. */
function raised(series: readonly number[], cosines: number): { readonly lag: number; readonly factor: number } {
  const slots = series.length;
  const mean = series.reduce((sum, value) => sum + value, 0) / slots;
  const product = (by: number) => series.reduce((sum, value, slot) => sum + (slot < by ? 0 : (value - mean) * ((series[slot - by] ?? mean) - mean)), 0);
  const [square, next, second] = [product(0), product(1), product(2)];
  const lag = square === 0 ? 0 : (next / square) * Math.sqrt(slots);
  if (lag <= LIKELY) return { lag, factor: 1 };
  // Noise hides from both products, so their ratio is the persistence of what is behind it; short series show too little of it (Kendall 1954).
  const seen = Math.max(0, second / next);
  const persistence = Math.min(0.97, seen + (1 + 3 * seen) / slots);
  const share = Math.min(1, next / (persistence * square));
  const spectrum = (frequency: number) =>
    1 - share + (share * (1 - persistence ** 2)) / (1 - 2 * persistence * Math.cos(2 * Math.PI * frequency) + persistence ** 2);
  const used = Array.from({ length: cosines }, (_, wave) => spectrum((wave + 1) / (2 * slots)));
  const factor = spectrum(0) / (used.reduce((sum, value) => sum + value, 0) / cosines);
  return { lag, factor: factor > 1 ? factor * ALLOWANCE : 1 };
}

function isSteep(series: readonly number[], cosines: number): boolean {
  const power = waves(series, Math.min(series.length - 1, 3 * cosines)).map((value) => value * value);
  const mean = (part: readonly number[]) => part.reduce((sum, value) => sum + value, 0) / part.length;
  return mean(power.slice(0, 3)) > WANDERING * mean(power.slice(cosines));
}
