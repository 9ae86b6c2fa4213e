import { z } from 'zod';
import { MetricShape } from '../analysis/index.ts';
import { Duration, Secretable } from '../fields.ts';

const Base = z.url({ protocol: /^https?$/, error: 'not an http or https address' });
const Headers = z.record(z.string().regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/, { error: 'not a header name' }), Secretable);

const Request = z.strictObject({
  method: z.enum(['GET', 'HEAD', 'OPTIONS', 'POST'], { error: 'a probe only looks; use GET, HEAD, OPTIONS, or a POST that changes nothing' }).default('GET'),
  path: z.string().regex(/^\/[^\s#]*$/, { error: 'not a path; it starts with a slash and is added to both addresses' }),
  body: z.string().optional(),
  headers: Headers.default({}),
});
export type ProbeRequest = z.output<typeof Request>;

export const ProbeInput = z.strictObject({
  baseline: Base.meta({ description: 'address of the old side' }),
  candidate: Base.meta({ description: 'address of the new side' }),
  mode: z
    .literal('probe', { error: 'only "probe" is measured by this step; for mirror see traffic.setMirror, for split see traffic.setWeight' })
    .default('probe'),
  requests: z
    .array(Request)
    .min(1)
    .max(1_000)
    .default([{ method: 'GET', path: '/', headers: {} }])
    .meta({ description: 'sent in turn, each to both sides' }),
  headers: Headers.default({}).meta({ description: 'sent with every request' }),
  rate: z.number().min(0.1).max(10_000).default(10).meta({ description: 'pairs a second' }),
  duration: Duration.optional().meta({ description: 'time that is measured, without warmUp and abCheck; 5m when absent' }),
  warmUp: Duration.optional().meta({ description: 'requests before the measurement that are not counted' }),
  abCheck: Duration.optional().meta({ description: 'measure the old side against itself first, for this long' }),
  timeout: Duration.optional().meta({ description: 'of one request; 10s when absent' }),
  ignore: z
    .array(z.string().min(1))
    .default([])
    .meta({ description: 'JSON fields that may differ between the sides: a name anywhere, or a path such as $.meta.servedBy' }),
  parallel: z.int().min(1).max(5_000).default(100).meta({ description: 'most requests under way to one side' }),
  seed: z.int().min(0).default(1),
  watch: z
    .strictObject({
      metrics: z.array(MetricShape).min(1),
      confidence: z.number().gt(0.5).lt(1).default(0.95),
      extendTo: Duration.optional().meta({ description: 'go on for up to this long while the metrics are undecided' }),
    })
    .optional()
    .meta({ description: 'metrics that are watched while the probe runs; it ends early when harm is certain. A dualRun phase hands them over' }),
});
export type ProbeInput = z.output<typeof ProbeInput>;

const Side = z.strictObject({
  p50Ms: z.number().nullable(),
  p95Ms: z.number().nullable(),
  p99Ms: z.number().nullable(),
  errors: z.int(),
});
export const ProbeOutputs = z.strictObject({
  evidence: z.string().meta({ description: 'digest for an analysis step' }),
  pairs: z.int(),
  ended: z.enum(['planned', 'decided', 'harm']).meta({ description: 'after its planned time, when an extended one was decided, or because harm was certain' }),
  baseline: Side,
  candidate: Side,
  parity: z.strictObject({ compared: z.int(), mismatches: z.int(), rate: z.number() }),
});
