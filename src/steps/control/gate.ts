import { z } from 'zod';
import { Duration } from '../fields.ts';
import { defineStep, type Gate } from '../kind.ts';

const Approvers = z
  .array(z.string().regex(/^(user|team):[A-Za-z0-9._@-]+$/, { error: 'not an approver; write user:<name> or team:<name>' }))
  .min(1)
  .meta({ description: 'who may vote: user:<name> or team:<name>' });
const OnTimeout = z.enum(['deny', 'rollback', 'escalate']);
/** What the engine puts out when a gate opens; `outcome` is approved, or autoGranted in a rehearsal. */
const Votes = z.strictObject({ outcome: z.string(), voters: z.array(z.string()) });
const DAY_MS = 86_400_000;

/** Wait for votes. A vote counts for the plan digest it was cast on only; nothing ever approves by itself. */
export const approval = defineStep({
  uses: 'approval',
  summary: 'wait until enough people approve this plan',
  with: z.strictObject({
    approvers: Approvers,
    required: z.int().min(1).default(1),
    perGroup: z.int().min(0).default(0).meta({ description: 'votes that each listed team must give' }),
    preventSelfApproval: z.boolean().default(true),
    timeout: Duration.optional().meta({ description: '24h when absent' }),
    onTimeout: OnTimeout.default('deny'),
    reason: z.string().optional(),
  }),
  outputs: Votes,
  example: { approvers: ['team:erp-leads', 'team:cab'], required: 2, perGroup: 1 },
  mutates: false,
  describe: ({ approvers, required }) => `approval by ${required} of ${approvers.join(', ')}`,
  target: 'control',
  wait: (input, now) => ({
    type: 'gate',
    gate: {
      ...rules(input),
      deadline: now + (input.timeout ?? DAY_MS),
      message: input.reason ?? 'approve this plan',
      verb: 'approve',
    },
  }),
});

/** Wait until a person says that work outside Slipway is done. */
export const manual = defineStep({
  uses: 'manual',
  summary: 'hand a task to a person and wait until it is done',
  with: z.strictObject({
    instructions: z.string().min(1),
    approvers: Approvers,
    required: z.int().min(1).default(1),
    perGroup: z.int().min(0).default(0),
    preventSelfApproval: z.boolean().default(false),
    timeout: Duration.optional().meta({ description: 'no limit when absent' }),
    onTimeout: OnTimeout.default('deny'),
  }),
  outputs: Votes,
  example: { instructions: 'Plug the second uplink into switch 7, port 12.', approvers: ['team:dc-hands'] },
  mutates: false,
  describe: ({ approvers }) => `manual task for ${approvers.join(', ')}`,
  target: 'control',
  wait: (input, now) => ({
    type: 'gate',
    gate: {
      ...rules(input),
      ...(input.timeout === undefined ? {} : { deadline: now + input.timeout }),
      message: input.instructions,
      verb: 'done',
    },
  }),
});

type Rules = Pick<Gate, 'approvers' | 'required' | 'perGroup' | 'preventSelfApproval' | 'onTimeout'>;
function rules({ approvers, required, perGroup, preventSelfApproval, onTimeout }: Rules): Rules {
  return { approvers, required, perGroup, preventSelfApproval, onTimeout };
}
