import type { Evidence, Verdict } from '../../analysis/index.ts';

/** One recorded verdict, computed again. */
export interface AnalysisCheck {
  readonly path: string;
  readonly attempt: number;
  /** Every bit is what was recorded. */
  readonly ok: boolean;
  /** Absent when it could not be computed; `differences` says why. */
  readonly verdict?: Verdict;
  readonly evidence?: Evidence;
  readonly differences: readonly string[];
}
