import { z } from 'zod';
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
  z.strictObject({ ...common, kind: z.enum(['numeric', 'ratio']), direction: z.enum(['lower', 'higher']), margin: Fraction }),
]);

export const AnalysisInput = z.strictObject({
  evidence: z
    .string()
    .regex(/^sha256:[0-9a-f]{64}$/, { error: 'not a digest; write ${{ steps.<probe>.outputs.evidence }}' })
    .optional()
    .meta({ description: 'what a bench.probe step put out' }),
  series: z
    .string()
    .regex(/^sha256:[0-9a-f]{64}$/, { error: 'not a digest; write ${{ steps.<collect>.outputs.evidence }}' })
    .optional()
    .meta({ description: 'what a metrics.collect step put out' }),
  metrics: z
    .array(MetricShape)
    .min(1)
    .refine((metrics) => new Set(metrics.map(({ name }) => name)).size === metrics.length, { error: 'two metrics have the same name' }),
  confidence: z.number().gt(0.5).lt(1).default(0.95).meta({ description: 'of every one-sided bound' }),
  seed: z.int().min(0).optional().meta({ description: "of the resampling; the evidence's own when absent" }),
  onInconclusive: z
    .enum(['pause', 'rollback', 'fail', 'extend'])
    .default('pause')
    .meta({ description: 'also when there is too little data; extend pauses too, and a person decides whether to probe longer' }),
  maxDuration: Duration.optional().meta({ description: 'most time that measuring may take in all; told to the person who decides' }),
});
export type AnalysisInput = z.output<typeof AnalysisInput>;

const Result = z.strictObject({
  ...{ name: z.string(), label: z.string(), kind: z.string(), critical: z.boolean(), verdict: z.string(), n: z.int() },
  ...{ baseline: z.number().nullable(), candidate: z.number().nullable(), estimate: z.number().nullable() },
  ...{ lower: z.number().nullable(), upper: z.number().nullable(), margin: z.number(), method: z.string(), sentence: z.string() },
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
