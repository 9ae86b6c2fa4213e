export const VERDICTS = ['pass', 'fail', 'inconclusive', 'noData'] as const;
/** pass: within the margin, at the asked confidence. fail: beyond it, at the asked confidence. */
export type VerdictName = (typeof VERDICTS)[number];

export interface JudgeOptions {
  /** Of each one-sided bound. */
  readonly confidence: number;
  readonly seed: number;
}

/** How the bounds of a metric were found; `clustered` ones are wider, because events came in bursts. */
export const METHODS = [
  'quantileIndexBootstrap',
  'longRunIndexBootstrap',
  'pairedBlockBootstrap',
  'miettinenNurminen',
  'clusteredMiettinenNurminen',
  'clopperPearson',
  'clusteredClopperPearson',
  'scoreRatio',
  'clusteredScoreRatio',
  'fieller',
  'longRunFieller',
  /** The sides drift against each other too slowly for any method. */
  'wanders',
  'none',
] as const;
export type Method = (typeof METHODS)[number];

/** The judgement on one metric, or on one quantile of a latency metric. */
export interface MetricResult {
  readonly name: string;
  /** `latency p95`, `errors`. */
  readonly label: string;
  readonly kind: 'latency' | 'rate' | 'mismatch' | 'throughput' | 'numeric' | 'ratio';
  readonly critical: boolean;
  readonly verdict: VerdictName;
  /** Requests of the side that has fewer; pairs for a mismatch; slots for a numeric metric. */
  readonly n: number;
  /** Milliseconds for latency, the metric's own unit for numeric ones, shares otherwise; null when there is nothing to compute it from. */
  readonly baseline: number | null;
  readonly candidate: number | null;
  /**
   * How much worse the candidate is. Latency, throughput, numeric: as a fraction of the baseline (0.1 = 10 % slower). Rate, ratio: difference
   * of the shares. Mismatch: share of pairs.
   */
  readonly estimate: number | null;
  /** One-sided bounds of the estimate, each at the asked confidence; null when unknown. */
  readonly lower: number | null;
  readonly upper: number | null;
  readonly margin: number;
  readonly method: Method;
  readonly sentence: string;
  /** How many times larger the variance is than with independent requests; null when it cannot be told. */
  readonly inflation?: number | null;
  readonly unit?: string;
}

/** What the measurement says of itself. */
export interface Soundness {
  /** Share of the time that both sides were measured together, 0 to 1. */
  readonly concurrent: number;
  /** Why nothing may pass; empty when the measurement is sound. */
  readonly complaints: readonly string[];
}
/** Harm that was certain while the measurement still went on. */
export interface Harm {
  readonly label: string;
  /** Index of the slot after which it was certain. */
  readonly slot: number;
  readonly sentence: string;
}
/** Told to engineers; decides nothing. */
export interface Diagnostics {
  /** Mann and Whitney's U of the candidate, and its two-sided p-value with correction for ties. */
  readonly u: number;
  readonly p: number;
  /** Chance that a request of the candidate takes longer than one of the baseline (Vargha and Delaney's A12). */
  readonly a12: number;
}

/** The judgement on a dual run. The same evidence, metrics, confidence and seed give the same bits on every machine. */
export interface Verdict {
  readonly verdict: VerdictName;
  readonly algorithm: string;
  readonly confidence: number;
  readonly seed: number;
  readonly metrics: readonly MetricResult[];
  /** The same metrics on the old side against itself. */
  readonly abCheck: readonly MetricResult[] | null;
  readonly sentence: string;
  /** Confidence of each bound at this look; higher than `confidence` when a measurement that may be extended looks more than once. */
  readonly atLook?: number;
  readonly soundness?: Soundness;
  readonly harm?: Harm | null;
  readonly diagnostics?: Diagnostics | null;
}
