import { z } from 'zod';
import { PATTERN } from '../core/index.ts';

const fraction = z.number().min(0);
const common = {
  name: z.string().regex(PATTERN.id),
  minSamples: z.int().min(1).optional(),
  /** A metric decides unless it says `false`; the others annotate. */
  critical: z.boolean().optional(),
};
/** Which way is better. */
const direction = z.enum(['lower', 'higher']);

/** What is compared and how much worse the candidate may be. All shares are fractions: 0.1 is 10 %. */
export const Metric = z.discriminatedUnion('kind', [
  /** Quantile (`p95`) to the most it may grow, as a fraction of the baseline. */
  z.strictObject({ ...common, kind: z.literal('latency'), quantiles: z.record(z.string().regex(/^p\d{1,2}(\.\d+)?$/), fraction) }),
  /** Most that the share of failed requests may grow, absolute. */
  z.strictObject({ ...common, kind: z.literal('rate'), margin: fraction }),
  /** Most that may differ of the answers both sides gave. */
  z.strictObject({ ...common, kind: z.literal('mismatch'), max: fraction }),
  /** Most that good answers per second may fall, as a fraction of the baseline. */
  z.strictObject({ ...common, kind: z.literal('throughput'), margin: fraction }),
  /** Sampled beside the probe: most that the mean may get worse, as a fraction of the baseline. */
  z.strictObject({ ...common, kind: z.literal('numeric'), direction, margin: fraction }),
  /** Sampled beside the probe: most that the share of events may get worse, absolute. */
  z.strictObject({ ...common, kind: z.literal('ratio'), direction, margin: fraction }),
]);
export type Metric = z.output<typeof Metric>;

/** `p99.9` as 0.999. */
export function quantileIn(name: string): number {
  return Number(name.slice(1)) / 100;
}
