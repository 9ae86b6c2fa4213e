import { z } from 'zod';
import type { Metric } from '../../analysis/index.ts';
import { PATTERN } from '../../core/index.ts';
import { Duration } from '../fields.ts';

/** `10%`, `0.1pp` (percentage points), or a number that is a fraction: 0.1 is 10%. Becomes a fraction. */
const Fraction = z.union(
  [
    z
      .string()
      .regex(/^\d+(\.\d+)?(%|pp)$/)
      .transform((text) => Number.parseFloat(text) / 100),
    z.number().min(0).max(1_000),
  ],
  { error: 'not a margin; write for example 10%, 0.1pp, or the fraction 0.1' },
);
const common = {
  name: z.string().regex(PATTERN.id, { error: 'not a name; use letters, digits and hyphens' }),
  minSamples: z.int().min(1).optional(),
  critical: z.boolean().optional().meta({ description: 'true when absent: the metric must pass; false only annotates' }),
};
const sampled = {
  direction: z.enum(['lower', 'higher'], { error: 'say which way is better: lower or higher' }).meta({ description: 'which way is better' }),
};

/** What is compared, and how much worse the candidate may be. */
export const MetricShape = z.discriminatedUnion('kind', [
  z.strictObject({
    ...common,
    kind: z.literal('latency'),
    quantiles: z
      .record(z.string().regex(/^p([1-9]\d?(\.\d+)?|0\.\d*[1-9]\d*)$/, { error: 'not a quantile; write for example p95' }), Fraction)
      .refine((quantiles) => Object.keys(quantiles).length > 0, { error: 'name at least one quantile, for example p95: 10%' })
      .meta({ description: 'quantile to the most it may grow, as a share of the baseline' }),
  }),
  z.strictObject({ ...common, kind: z.literal('rate'), margin: Fraction.meta({ description: 'most that the share of failed requests may rise: 0.1pp' }) }),
  z.strictObject({
    ...common,
    kind: z.literal('mismatch'),
    max: Fraction.meta({ description: 'most of the answers that may differ' }),
    ignore: z.array(z.string()).optional().meta({ description: 'belongs to the probe; a dualRun phase hands it over' }),
  }),
  z.strictObject({
    ...common,
    kind: z.literal('throughput'),
    margin: Fraction.meta({ description: 'most that good answers per second may fall, as a share of the baseline: 5%' }),
  }),
  z.strictObject({
    ...common,
    ...sampled,
    kind: z.literal('numeric'),
    margin: Fraction.meta({ description: 'most that the mean may get worse, as a share of the baseline: 10%' }),
  }),
  z.strictObject({
    ...common,
    ...sampled,
    kind: z.literal('ratio'),
    margin: Fraction.meta({ description: 'most that the share of events may get worse: 0.5pp' }),
  }),
]);

/** What the statistics need: what belongs to the probe is taken out. */
export function plainMetric(metric: z.output<typeof MetricShape>): Metric {
  const { ignore: _ignore, ...rest } = { ignore: undefined, ...metric };
  return rest;
}

export const AnalysisInput = z.strictObject({
  evidence: z
    .string()
    .regex(/^sha256:[0-9a-f]{64}$/, { error: 'not a digest; write ${{ steps.<probe>.outputs.evidence }}' })
    .optional()
    .meta({ description: 'what a bench.probe step put out; absent when only sampled metrics are judged' }),
  series: z
    .string()
    .regex(/^sha256:[0-9a-f]{64}$/, { error: 'not a digest; write ${{ steps.<collect>.outputs.evidence }}' })
    .optional()
    .meta({ description: 'what a metrics.collect step put out; numeric and ratio metrics are judged by it' }),
  metrics: z
    .array(MetricShape)
    .min(1)
    .refine((metrics) => new Set(metrics.map(({ name }) => name)).size === metrics.length, { error: 'two metrics have the same name' }),
  confidence: z.number().gt(0.5).lt(1).default(0.95).meta({ description: 'of every one-sided bound' }),
  seed: z.int().min(0).optional().meta({ description: "of the resampling; the evidence's own when absent" }),
  onInconclusive: z.enum(['pause', 'rollback', 'fail', 'extend']).default('pause').meta({
    description: 'also when there is too little data; extend: the probe of a dualRun goes on up to maxDuration first, and what is still undecided then pauses',
  }),
  maxDuration: Duration.optional().meta({ description: 'most time that measuring may take in all; a plan refuses margins that need longer' }),
});
export type AnalysisInput = z.output<typeof AnalysisInput>;

const Result = z.strictObject({
  ...{ name: z.string(), label: z.string(), kind: z.string(), critical: z.boolean(), verdict: z.string(), n: z.int() },
  ...{ baseline: z.number().nullable(), candidate: z.number().nullable(), estimate: z.number().nullable() },
  ...{ lower: z.number().nullable(), upper: z.number().nullable(), margin: z.number(), method: z.string(), sentence: z.string() },
  ...{ inflation: z.number().nullable().optional(), unit: z.string().optional() },
});
export const AnalysisOutputs = z.strictObject({
  verdict: z.enum(['pass', 'fail', 'inconclusive', 'noData']),
  sentence: z.string(),
  metrics: z.array(Result),
  algorithm: z.string(),
  confidence: z.number(),
  seed: z.int(),
  record: z.string().meta({ description: 'digest of the whole verdict, kept as evidence' }),
});
