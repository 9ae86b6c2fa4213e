import { z } from 'zod';
import { PATTERN } from '../../core/index.ts';

/** Shapes of the API; the document and the checks of requests are both made from them. */

export const RunId = z
  .string()
  .regex(PATTERN.run, { error: 'not the id of a run' })
  .meta({ description: 'id of a run', examples: ['run-20261123-7k2m9qz4ab'] });
export const PlanId = z
  .string()
  .regex(/^plan-[0-9]{8}-[0-9a-hjkmnp-tv-z]{10}$/, { error: 'not the id of a plan' })
  .meta({ examples: ['plan-20261123-7k2m9qz4ab'] });
export const Name = z.string().regex(PATTERN.id, { error: 'not a name' });
export const TaskPath = z.string().regex(/^[A-Za-z0-9@/_.[\]-]{1,400}$/, { error: 'not the path of a step' });
const Text = (most: number) => z.string().min(1).max(most);
export const Reason = Text(1_000);
export const Time = z.iso.datetime();
export const Digest = z.string().regex(/^sha256:[0-9a-f]{64}$/, { error: 'not a digest' });
export const Inputs = z.record(Name, z.json());
const Link = z.url().or(z.string().startsWith('/'));

/** A page of a list; `next` is given back as `cursor`. */
export const pageOf = <T extends z.ZodType>(item: T) => z.strictObject({ items: z.array(item), next: z.string().optional() });
export const PageQuery = {
  limit: z.coerce.number().int().min(1).max(200).default(50),
  cursor: z.string().max(500).optional().meta({ description: '"next" of the page before' }),
};

const Refusal = z.strictObject({
  code: z.string(),
  message: z.string(),
  hint: z.string().optional(),
  problems: z.array(z.strictObject({ path: z.string(), code: z.string(), message: z.string(), hint: z.string().optional() })).optional(),
});

/** One run in a list. */
export const RunSummary = z.strictObject({
  id: RunId,
  repository: z.string().optional(),
  runbook: z.string(),
  state: z.string(),
  rehearsal: z.boolean(),
  createdAt: Time,
  updatedAt: Time,
  planDigest: z.string(),
  /** Grows with every run that is created. */
  order: z.int(),
  lastSeq: z.int(),
  cause: z.string().optional(),
  url: Link,
});
export type RunSummary = z.output<typeof RunSummary>;

/** A run with everything reports say of it; one that is only ordered has no `report` yet. */
export const RunDetail = z.strictObject({
  id: RunId,
  repository: z.string().optional(),
  runbook: z.string(),
  /** A state of runs, `queued` for one that is only ordered, or `refused`. */
  state: z.string(),
  environments: z.array(z.string()),
  requestedAt: Time,
  cause: z.string().optional(),
  by: z.string(),
  waitsFor: z.string().optional(),
  refusal: Refusal.optional(),
  report: z.record(z.string(), z.json()).optional(),
  /** The row of the journal. */
  row: z.record(z.string(), z.json()).optional(),
  links: z.strictObject({ self: Link, events: Link, logs: Link, page: Link }),
});
export type RunDetail = z.output<typeof RunDetail>;

/** The answer to whoever asks for a run or plan: it is durable now, and this is where to look. */
export const Accepted = z.strictObject({ id: z.string(), url: Link, state: z.string(), repeated: z.boolean() });

export const RunbookSummary = z.strictObject({
  name: z.string(),
  repository: z.string(),
  commit: z.string(),
  file: z.string(),
  owner: z.string().optional(),
  tier: z.int().optional(),
  description: z.string().optional(),
  phases: z.array(z.strictObject({ id: z.string(), type: z.string(), environment: z.string().optional() })),
  triggers: z.array(z.record(z.string(), z.json())),
  /** JSON Schema of each input. */
  inputs: z.record(z.string(), z.record(z.string(), z.json())),
  url: Link,
});

export const PlanDetail = z.strictObject({
  id: PlanId,
  repository: z.string(),
  runbook: z.string(),
  state: z.enum(['queued', 'waiting', 'ready', 'refused']),
  requestedAt: Time,
  by: z.string(),
  waitsFor: z.string().optional(),
  digest: Digest.optional(),
  decision: z.enum(['allow', 'softDeny', 'deny']).optional(),
  refusal: Refusal.optional(),
  url: Link,
});

export const JournalEventShape = z.strictObject({
  runId: z.string(),
  seq: z.int(),
  at: z.number().meta({ description: 'milliseconds since the epoch, as it was hashed' }),
  body: z.record(z.string(), z.json()),
  prev: z.string(),
  hash: z.string(),
});

export const LogLineShape = z.strictObject({
  id: z.int(),
  runId: z.string(),
  path: z.string(),
  attempt: z.int(),
  at: z.number(),
  host: z.string().optional(),
  stream: z.enum(['stdout', 'stderr']),
  text: z.string(),
});

export const AuditEntryShape = z.looseObject({
  seq: z.int(),
  at: Time,
  actor: z.string(),
  action: z.string(),
  object: z.string(),
  details: z.record(z.string(), z.json()),
});

export const TokenShape = z.strictObject({
  name: z.string(),
  prefix: z.string(),
  scopes: z.array(z.string()),
  createdAt: Time,
  createdBy: z.string(),
  expiresAt: Time,
  state: z.enum(['active', 'expired', 'revoked']),
});

/** A document of the repository as it is written there. */
export const EstateDocument = z.strictObject({
  name: z.string(),
  repository: z.string(),
  commit: z.string(),
  file: z.string(),
  document: z.record(z.string(), z.json()),
});

export const HostShape = z.strictObject({
  name: z.string(),
  repository: z.string(),
  address: z.string(),
  port: z.int(),
  zone: z.string().optional(),
  groups: z.array(z.string()),
  jump: z.array(z.string()),
});
