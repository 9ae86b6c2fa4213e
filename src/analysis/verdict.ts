export const VERDICTS = ['pass', 'fail', 'inconclusive', 'noData'] as const;
/** pass: within the margin, at the asked confidence. fail: beyond it, at the asked confidence. */
export type VerdictName = (typeof VERDICTS)[number];

/** The judgement on one metric, or on one quantile of a latency metric. */
export interface MetricResult {
  readonly name: string;
  /** `latency p95`, `errors`. */
  readonly label: string;
  readonly kind: 'latency' | 'rate' | 'mismatch';
  readonly critical: boolean;
  readonly verdict: VerdictName;
  /** Requests of the side that has fewer; pairs for a mismatch. */
  readonly n: number;
  /** Milliseconds for latency, fractions otherwise; null when there is nothing to compute it from. */
  readonly baseline: number | null;
  readonly candidate: number | null;
  /** Latency: growth as a fraction (0.1 = 10 % slower). Rate: difference of the shares. Mismatch: share of pairs. */
  readonly estimate: number | null;
  /** One-sided bounds of the estimate, each at the asked confidence; null when unknown. */
  readonly lower: number | null;
  readonly upper: number | null;
  readonly margin: number;
  readonly method: 'quantileIndexBootstrap' | 'pairedBlockBootstrap' | 'miettinenNurminen' | 'clopperPearson' | 'none';
  readonly sentence: string;
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
}
