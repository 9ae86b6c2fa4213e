import { z } from 'zod';
import { SlipwayError } from '../core/index.ts';

const NumericSample = z.strictObject({
  /** Mean over the slot. */
  value: z.number(),
  /** Observations behind the mean; 1 when the source does not say. */
  weight: z.number().positive(),
});
const RatioSample = z
  .strictObject({ events: z.number().min(0), trials: z.number().min(0) })
  .refine(({ events, trials }) => events <= trials, { error: 'more events than trials' });

const slotsOf = <S extends z.ZodType>(sample: S) => z.array(z.strictObject({ baseline: sample.nullable(), candidate: sample.nullable() }));
const common = { name: z.string(), unit: z.string().optional() };

/** One metric of both sides, slot by slot. `null` is no data: a gap, or a value that is no number. */
export const SeriesMetric = z.discriminatedUnion('kind', [
  z.strictObject({ ...common, kind: z.literal('numeric'), slots: slotsOf(NumericSample) }),
  z.strictObject({ ...common, kind: z.literal('ratio'), slots: slotsOf(RatioSample) }),
]);
export type SeriesMetric = z.output<typeof SeriesMetric>;

/** What was sampled of both sides beside the probe: enough to judge numeric metrics again, without the systems they came from. */
export const Series = z.strictObject({
  version: z.literal(1),
  /** How the samples were taken; a change of method is a new name. */
  algorithm: z.literal('minute-samples/1'),
  /** Milliseconds since the epoch. */
  startedAt: z.number(),
  slotMs: z.number().positive(),
  metrics: z.array(SeriesMetric),
});
export type Series = z.output<typeof Series>;

/** @throws {SlipwayError} `EVIDENCE_INVALID`. */
export function parseSeries(bytes: Uint8Array): Series {
  let raw: unknown;
  try {
    raw = JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch (cause) {
    throw new SlipwayError('EVIDENCE_INVALID', 'the series is not JSON', { hint: 'give the digest that a metrics.collect step put out', cause });
  }
  const parsed = Series.safeParse(raw);
  if (parsed.success) return parsed.data;
  throw new SlipwayError('EVIDENCE_INVALID', `the evidence is no series of metrics: ${z.prettifyError(parsed.error)}`, {
    hint: 'give the digest that a metrics.collect step put out',
    cause: parsed.error,
  });
}
