import { z } from 'zod';
import { Duration, NumericSides, Percent, RatioSides } from '../../steps/index.ts';
import { Approval, Expression, Id, InputSchema, Metadata, Retry, WindowRule } from './common.ts';
import { DriftRule, Remediation, Schedule, Subscription } from './operate.ts';
import { Step } from './step.ts';

export const PHASE_TYPES = ['prepare', 'provision', 'dualRun', 'cutover', 'decommission', 'custom'] as const;
export const ROLLBACK_TRIGGERS = ['stepFailed', 'analysisFailed', 'healthFailed', 'slaBreached', 'windowOverrun', 'approvalDenied', 'manual'] as const;
export type RollbackTrigger = (typeof ROLLBACK_TRIGGERS)[number];

export const Trigger = z.union([
  z.strictObject({
    pullRequest: z.strictObject({
      /** Patterns of paths that concern this runbook beside what it names anyway. */
      paths: z.array(z.string()).optional(),
      /** Values that inputs take in plans of pull requests, over their defaults. */
      inputs: z.record(Id, z.json()).optional(),
    }),
  }),
  z.strictObject({ webhook: z.strictObject({ id: Id }) }),
  z.strictObject({ schedule: Schedule }),
  z.strictObject({
    event: z.strictObject({
      /** `type` of the CloudEvent. */
      type: z.string().min(1),
      if: Expression.optional(),
      /** Inputs made from the event; members of its data with the names of inputs when absent. */
      inputs: z.record(Id, z.json()).optional(),
    }),
  }),
]);

/** A check repeated while its phase runs; enough failures in a row are the rollback trigger `healthFailed`. */
export const Watch = z.strictObject({
  id: Id,
  uses: z.string(),
  with: z.record(z.string(), z.unknown()).optional(),
  hosts: z.string().optional(),
  interval: Duration.optional(),
  initialDelay: Duration.optional(),
  timeout: Duration.optional(),
  /** Failures in a row that are tolerated. */
  failureLimit: z.int().min(0).optional(),
});
export type Watch = z.output<typeof Watch>;

const Fraction = z.union([
  Percent,
  z
    .string()
    .regex(/^\d+(\.\d+)?pp$/)
    .transform((text) => Number(text.slice(0, -2)) / 100),
]);
const judged = { name: Id, minSamples: z.int().min(1).optional(), critical: z.boolean().optional() };
const unit = z.string().max(40).optional();
/** Which way is better: latency wants to be lower, orders per minute higher. */
const direction = z.enum(['lower', 'higher']);
export const Metric = z.discriminatedUnion('kind', [
  z.strictObject({
    name: Id,
    kind: z.literal('latency'),
    /** Quantile (`p50`) to the most it may grow, as a fraction of the baseline. */
    quantiles: z.record(z.string().regex(/^p\d{1,2}(\.\d+)?$/), Percent),
    minSamples: z.int().min(1).optional(),
    critical: z.boolean().optional(),
  }),
  z.strictObject({ name: Id, kind: z.literal('rate'), margin: Fraction, minSamples: z.int().min(1).optional(), critical: z.boolean().optional() }),
  z.strictObject({
    name: Id,
    kind: z.literal('mismatch'),
    max: Percent,
    ignore: z.array(z.string()).optional(),
    minSamples: z.int().min(1).optional(),
    critical: z.boolean().optional(),
  }),
  /** A figure that a metric source has for both sides: `margin` is the most it may get worse, as a share of the baseline. */
  z.strictObject({ ...judged, kind: z.literal('numeric'), unit, direction, margin: Percent, source: NumericSides }),
  /** How many of how many, from a metric source: `margin` is the most that the share may get worse, in points. */
  z.strictObject({ ...judged, kind: z.literal('ratio'), unit, direction, margin: Fraction, source: RatioSides }),
  /** Answers a second of the probe. */
  z.strictObject({ ...judged, kind: z.literal('throughput'), margin: Percent }),
]);
export type Metric = z.output<typeof Metric>;

/** Short for a `bench.probe` step, a `metrics.collect` step and an `analysis` step at the end of a dualRun phase. */
export const DualRun = z.strictObject({
  baseline: z.string(),
  candidate: z.string(),
  /** probe: our own requests to both. mirror, split: live traffic is there already, and only metrics with a source are measured. */
  mode: z.enum(['probe', 'mirror', 'split']).optional(),
  /** Milliseconds, or an expression that gives duration text. */
  duration: z.union([Duration, Expression]).optional(),
  warmUp: z.union([Duration, Expression]).optional(),
  abCheck: z.union([Duration, Expression]).optional(),
  /** Length of the slots that metric sources are sampled by, and how long late samples are waited for. */
  slot: z.union([Duration, Expression]).optional(),
  settle: z.union([Duration, Expression]).optional(),
  rate: z.union([z.number().min(0.1).max(10_000), Expression]).optional(),
  requests: z
    .array(
      z.strictObject({ method: z.string().optional(), path: z.string(), body: z.string().optional(), headers: z.record(z.string(), z.string()).optional() }),
    )
    .optional(),
});
export const Analysis = z.strictObject({
  confidence: z.number().gt(0.5).lt(1).optional(),
  seed: z.int().optional(),
  onInconclusive: z.enum(['extend', 'pause', 'rollback', 'fail']).optional(),
  maxDuration: Duration.optional(),
  metrics: z.array(Metric).min(1),
});

export const Phase = z.strictObject({
  id: Id,
  name: z.string().optional(),
  type: z.enum(PHASE_TYPES),
  environment: Id.optional(),
  if: Expression.optional(),
  approval: Approval.optional(),
  window: WindowRule.optional(),
  /** Wait this long after the phase before. */
  after: Duration.optional(),
  timeout: Duration.optional(),
  with: DualRun.optional(),
  analysis: Analysis.optional(),
  watch: z.array(Watch).optional(),
  /** Id of the step after which rollback is refused. */
  pointOfNoReturn: Id.optional(),
  steps: z.array(Step).optional(),
  finally: z.array(Step).optional(),
});
export type Phase = z.output<typeof Phase>;

export const Sla = z.strictObject({
  id: Id,
  type: z.literal('maxDuration'),
  phase: Id.optional(),
  duration: Duration,
  behavior: z.enum(['fail', 'cancel', 'rollback', 'none']).optional(),
});
export const Objective = z.strictObject({ name: Id, target: z.number().gt(0).lt(1), timeWindow: Duration, indicator: z.string().optional() });

export const Runbook = z.strictObject({
  apiVersion: z.literal('slipway/v1'),
  kind: z.literal('Runbook'),
  metadata: Metadata,
  triggers: z.array(Trigger).optional(),
  inputs: z.record(Id, InputSchema).optional(),
  /** Names of Inventory, Environment and Calendar files this runbook uses; all of the repository's when absent. */
  inventory: z.union([Id, z.array(Id)]).optional(),
  concurrency: z.strictObject({ group: z.string().min(1), queue: z.enum(['fifo', 'latest']).optional(), max: z.int().min(1).optional() }).optional(),
  defaults: z
    .strictObject({
      retry: Retry.optional(),
      timeout: Duration.optional(),
      hosts: z.string().optional(),
      onFailure: z.enum(['fail', 'continue', 'rollback', 'pause']).optional(),
    })
    .optional(),
  policies: z.array(z.string()).optional(),
  /** Monthly and one-off cost this runbook expects, in the currency of the cost policy. */
  cost: z.strictObject({ monthly: z.number().min(0).optional(), once: z.number().min(0).optional() }).optional(),
  sla: z.array(Sla).optional(),
  phases: z.array(Phase).min(1),
  rollback: z
    .strictObject({
      on: z.array(z.enum(ROLLBACK_TRIGGERS)).optional(),
      budget: Duration.optional(),
      order: z.literal('reverse').optional(),
      git: z.enum(['pullRequest', 'none']).optional(),
      /** Steps that run after the recorded compensations. */
      steps: z.array(Step).optional(),
    })
    .optional(),
  objectives: z.array(Objective).optional(),
  notifications: z.array(Subscription).min(1).optional(),
  drift: DriftRule.optional(),
  remediation: Remediation.optional(),
  outputs: z.record(Id, z.json()).optional(),
  /** Values that inputs take in a rehearsal unless told otherwise: short pauses, small probes. */
  rehearsal: z.strictObject({ inputs: z.record(Id, z.json()).optional() }).optional(),
});
export type Runbook = z.output<typeof Runbook>;
