import { z } from 'zod';
import { PATTERN } from '../../core/index.ts';
import { Duration } from '../../steps/index.ts';

export const Id = z.string().regex(PATTERN.id, { error: 'not an id; use letters, digits and hyphens, starting with a letter, at most 63 characters' });

/** `${{ … }}`: exactly one expression and nothing else. */
export const Expression = z
  .string()
  .regex(/^\$\{\{.*\}\}$/s, { error: 'not an expression; write ${{ … }}' })
  .meta({ description: 'an expression: ${{ inputs.size == "l" }}' });

export const Metadata = z.strictObject({
  name: Id,
  /** Team that answers for it. */
  owner: z.string().min(1).optional(),
  /** 1 is the most critical. */
  tier: z.int().min(1).max(4).optional(),
  description: z.string().optional(),
  labels: z.record(z.string(), z.string()).optional(),
});
export type Metadata = z.infer<typeof Metadata>;

export const Backoff = z.strictObject({
  initial: Duration.optional(),
  factor: z.number().min(1).max(10).optional(),
  max: Duration.optional(),
  jitter: z.enum(['full', 'equal', 'none']).optional(),
});

/** Error classes a retry rule may name; `SlipwayError` codes also match. */
export const Retry = z.strictObject({
  /** Tries in all, the first included. */
  attempts: z.int().min(1).max(100).optional(),
  backoff: Backoff.optional(),
  maxElapsed: Duration.optional(),
  /** Error codes to retry; all that are worth a retry when absent. */
  on: z.array(z.string()).optional(),
  /** Error codes never to retry. */
  except: z.array(z.string()).optional(),
});
export type Retry = z.output<typeof Retry>;

export const Approvers = z.array(z.string().regex(/^(user|team):[A-Za-z0-9._@-]+$/, { error: 'not an approver; write user:<name> or team:<name>' }));
export const Approval = z.strictObject({
  approvers: Approvers.min(1),
  required: z.int().min(1).optional(),
  perGroup: z.int().min(0).optional(),
  preventSelfApproval: z.boolean().optional(),
  timeout: Duration.optional(),
  onTimeout: z.enum(['deny', 'rollback', 'escalate']).optional(),
  reason: z.string().optional(),
});
export type Approval = z.output<typeof Approval>;

export const Cron = z.string().regex(/^(\S+\s+){4}\S+$/, { error: 'not a cron line; write five fields, for example "0 2 * * 6"' });

export const WindowRule = z.strictObject({
  /** Name of a Calendar, or a schedule below. */
  allow: z.union([Id, z.literal(true)]).optional(),
  deny: z.union([Id, z.literal(true)]).optional(),
  schedule: Cron.optional(),
  duration: Duration.optional(),
  timeZone: z.string().optional(),
  /** What happens to a phase still running when its window closes. */
  onOverrun: z.enum(['finish', 'pause', 'rollback']).optional(),
});
export type WindowRule = z.output<typeof WindowRule>;

/** A JSON Schema for one input, with `default` and `secret`. */
export const InputSchema = z
  .looseObject({
    type: z.enum(['string', 'number', 'integer', 'boolean', 'array', 'object']),
    description: z.string().optional(),
    default: z.json().optional(),
    secret: z.boolean().optional(),
    enum: z.array(z.json()).optional(),
  })
  .meta({ description: 'JSON Schema of the input, with default and secret' });
export type InputSchema = z.infer<typeof InputSchema>;
