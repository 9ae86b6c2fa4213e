import { z } from 'zod';
import { Duration, LEGACY_NAMES, MetricSources, Pattern } from '../../steps/index.ts';
import { Approval, Approvers, Cron, Expression, Id, Metadata, WindowRule } from './common.ts';
import { Subscription } from './operate.ts';
import { Objective } from './runbook.ts';

const Vars = z.record(z.string(), z.json());
/** Where a login comes from; `env:NAME` or `file:path`, never the text itself. */
const SecretRef = z.string().regex(/^(env:[A-Za-z_][A-Za-z0-9_]*|file:.+)$/, { error: 'not a secret reference; write env:NAME or file:path' });

export const HostEntry = z.strictObject({
  address: z.string().optional(),
  port: z.int().min(1).max(65_535).optional(),
  user: z.string().optional(),
  zone: Id.optional(),
  jump: z.union([z.string(), z.array(z.string())]).optional(),
  privateKey: SecretRef.optional(),
  passphrase: SecretRef.optional(),
  password: SecretRef.optional(),
  agent: z.boolean().optional(),
  answers: z
    .array(z.strictObject({ prompt: Pattern, answer: SecretRef }))
    .min(1)
    .optional()
    .meta({ description: 'answers to what the server asks at login (keyboard-interactive)' }),
  shell: z.enum(['posix', 'powershell']).optional().meta({ description: 'what runs commands there: powershell for Windows with OpenSSH' }),
  legacy: z
    .array(z.enum(LEGACY_NAMES))
    .optional()
    .meta({ description: 'weak algorithms that this host may use, because it knows no others; policies see them' }),
  hostKey: z.union([z.string(), z.array(z.string())]).optional(),
  vars: Vars.optional(),
});
export type HostEntry = z.output<typeof HostEntry>;

export const Inventory = z.strictObject({
  apiVersion: z.literal('slipway/v1'),
  kind: z.literal('Inventory'),
  metadata: Metadata,
  defaults: HostEntry.omit({ address: true, hostKey: true })
    .extend({ knownHosts: z.array(z.string()).optional() })
    .optional(),
  hosts: z.record(z.string(), HostEntry.nullable()),
  groups: z.record(Id, z.strictObject({ hosts: z.array(z.string()).optional(), groups: z.array(Id).optional(), vars: Vars.optional() })).optional(),
});
export type Inventory = z.output<typeof Inventory>;

export const Calendar = z.strictObject({
  apiVersion: z.literal('slipway/v1'),
  kind: z.literal('Calendar'),
  metadata: Metadata,
  timeZone: z.string(),
  windows: z.array(z.strictObject({ kind: z.enum(['allow', 'deny']), schedule: Cron, duration: Duration, description: z.string().optional() })).min(1),
});
export type Calendar = z.output<typeof Calendar>;

/** A folder under stacks/ for all of its stacks, or one of them. */
const STACKS = /^[a-z0-9][a-z0-9-]{0,62}(?:\/[A-Za-z0-9_.-]{1,100})?$/;

/** What a pull request that changes this environment needs before Slipway applies it. Only what the default branch says counts. */
export const ApplyRules = z.strictObject({
  /** `afterMerge` unless told. */
  when: z.enum(['afterMerge', 'beforeMerge']).optional(),
  /** Slipway merges, in this way, when everything else is met; people merge when absent. */
  merge: z.enum(['merge', 'squash', 'rebase']).optional(),
  /** Of the plan; never by its author, committers, or whoever applies it. One by anybody who may vote unless told. */
  approvals: z
    .strictObject({
      required: z.int().min(0).max(20).optional(),
      /** Those who may; anybody whom access rules let vote when absent. */
      approvers: Approvers.min(1).optional(),
      /** How many each listed team must give. */
      perGroup: z.int().min(0).max(20).optional(),
      /** An approval counts for so long. */
      within: Duration.optional(),
    })
    .optional(),
  /** Approving reviews of the host count as approvals too, although whoever reviews sees a commit and not a plan; they do not unless told. */
  reviews: z.boolean().optional(),
  /** Owners of the changed files, by CODEOWNERS of the default branch, have to approve. */
  codeOwners: z.boolean().optional(),
  /** The host could merge it; asked for unless told. */
  mergeable: z.boolean().optional(),
  /** It has everything that the default branch has; asked for unless told. */
  undiverged: z.boolean().optional(),
  /** Nobody has changed a stack of it behind Slipway's back. */
  driftFree: z.boolean().optional(),
  /** Its rollback was proven, by a rehearsal or for real, within this time. */
  drill: Duration.optional(),
});
export type ApplyRules = z.output<typeof ApplyRules>;

export const Environment = z.strictObject({
  apiVersion: z.literal('slipway/v1'),
  kind: z.literal('Environment'),
  metadata: Metadata,
  production: z.boolean().optional(),
  /** Deployment zones it may use, each with the regions allowed there. */
  zones: z
    .array(
      z.strictObject({
        name: Id,
        provider: z.enum(['aws', 'azure', 'onPrem']),
        regions: z.array(z.string()).optional(),
        stacks: z
          .array(z.string().regex(STACKS, { error: 'not a stack; write <folder under stacks>, or <folder under stacks>/<stack name>' }))
          .optional()
          .meta({ description: 'stacks that belong to this zone: where workers are inside of zones, its worker runs the steps on them' }),
      }),
    )
    .optional(),
  approval: Approval.optional(),
  window: WindowRule.optional(),
  apply: ApplyRules.optional(),
  costCeiling: z.number().min(0).optional(),
  /** Settings of the Pulumi backend and secrets provider for this environment. */
  pulumi: z.strictObject({ backend: z.string().optional(), secretsProvider: z.string().optional() }).optional(),
  /** Systems that measure this environment, by the names that metrics of runbooks call them. */
  metricSources: MetricSources.optional(),
  /** Who is told of runs that work here, beside those whom their runbooks name. */
  notifications: z.array(Subscription).min(1).optional(),
  vars: Vars.optional(),
});
export type Environment = z.output<typeof Environment>;

export const Wave = z.strictObject({
  apiVersion: z.literal('slipway/v1'),
  kind: z.literal('Wave'),
  metadata: Metadata,
  runbook: Id,
  hosts: z.string().optional(),
  servers: z.array(z.string()).optional(),
  readiness: z.array(Expression).optional(),
  window: WindowRule.optional(),
  order: z.int().min(1).optional(),
  soak: Duration.optional(),
  maxFailPercentage: z.number().min(0).max(100).optional(),
  baseline: z.strictObject({ start: z.string().optional(), end: z.string().optional(), servers: z.int().optional() }).optional(),
  forecast: z.strictObject({ start: z.string().optional(), end: z.string().optional(), servers: z.int().optional() }).optional(),
  inputs: z.record(Id, z.json()).optional(),
});
export type Wave = z.output<typeof Wave>;

export const ObjectiveFile = z.strictObject({
  apiVersion: z.literal('slipway/v1'),
  kind: z.literal('Objective'),
  metadata: Metadata,
  objectives: z.array(Objective).min(1),
});

/** Services with the scores that order a migration programme; 1 is low, 5 is high. */
export const Portfolio = z.strictObject({
  apiVersion: z.literal('slipway/v1'),
  kind: z.literal('Portfolio'),
  metadata: Metadata,
  weights: z.strictObject({ criticality: z.number(), complexity: z.number(), risk: z.number() }).optional(),
  services: z
    .array(
      z.strictObject({
        name: Id,
        owner: z.string().optional(),
        criticality: z.int().min(1).max(5),
        complexity: z.int().min(1).max(5),
        risk: z.int().min(1).max(5),
        dependsOn: z.array(Id).optional(),
        runbook: Id.optional(),
        hosts: z.string().optional(),
      }),
    )
    .min(1),
});
