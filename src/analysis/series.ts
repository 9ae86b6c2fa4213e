import { z } from 'zod';
import { PATTERN, SlipwayError } from '../core/index.ts';

const name = z.string().regex(PATTERN.id);
const unit = z.string().optional();

/** One slot of a numeric metric on one side: the mean of `weight` observations; null when the source had nothing to say. */
export const NumericSample = z.strictObject({ value: z.number(), weight: z.number().positive() }).nullable();
export type NumericSample = z.output<typeof NumericSample>;

/** One slot of a ratio on one side; null when the source had nothing to say. Sources extrapolate, so the counts need not be whole. */
export const RatioSample = z
  .strictObject({ events: z.number().min(0), trials: z.number().min(0) })
  .refine(({ events, trials }) => events <= trials, { error: 'more events than trials' })
  .nullable();
export type RatioSample = z.output<typeof RatioSample>;

const pair = <S extends z.ZodType>(sample: S) => z.array(z.strictObject({ baseline: sample, candidate: sample }));

/** One metric, slot by slot; slot 0 begins at `startedAt` of the series. */
export const MetricSeries = z.discriminatedUnion('kind', [
  z.strictObject({ name, unit, kind: z.literal('numeric'), slots: pair(NumericSample) }),
  z.strictObject({ name, unit, kind: z.literal('ratio'), slots: pair(RatioSample) }),
]);
export type MetricSeries = z.output<typeof MetricSeries>;

/** What metric sources said about both sides of a dual run: enough to judge it again without them. */
export const Series = z.strictObject({
  version: z.literal(1),
  /** How the numbers were collected; a change of method is a new name. */
  algorithm: z.literal('minute-samples/1'),
  /** Milliseconds since the epoch; a multiple of `slotMs`. */
  startedAt: z.number(),
  slotMs: z.number().positive(),
  metrics: z.array(MetricSeries),
});
export type Series = z.output<typeof Series>;

const HINT = 'give the digest that a metrics.collect step put out';

/** @throws {SlipwayError} `EVIDENCE_INVALID`. */
export function parseSeries(bytes: Uint8Array): Series {
  let raw: unknown;
  try {
    raw = JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch (cause) {
    throw new SlipwayError('EVIDENCE_INVALID', 'the series is not JSON', { hint: HINT, cause });
  }
  const parsed = Series.safeParse(raw);
  if (parsed.success) return parsed.data;
  throw new SlipwayError('EVIDENCE_INVALID', `the evidence is no series of metrics: ${z.prettifyError(parsed.error)}`, { hint: HINT, cause: parsed.error });
}
