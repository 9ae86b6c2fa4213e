import { z } from 'zod';
import { Cron, Id } from './common.ts';

/** What people can be told of. Of a called run only what it asks of them; its caller tells the rest. */
export const NOTICES = [
  'runStarted',
  'approvalNeeded',
  'attention',
  'rollbackRequested',
  'succeeded',
  'failed',
  'rolledBack',
  'rollbackFailed',
  'cancelled',
  'slaBreached',
  'complianceFailed',
  'driftFound',
  'driftGone',
  'scheduleFailed',
] as const;
export type Notice = (typeof NOTICES)[number];

const Channel = z.string().min(1).max(200).meta({ description: 'a channel of the configuration, or log' });

/** Who is told of what. */
export const Subscription = z.strictObject({
  on: z.array(z.enum(NOTICES)).min(1),
  to: z.union([Channel, z.array(Channel).min(1)]),
});
export type Subscription = z.output<typeof Subscription>;

export const Schedule = z.strictObject({
  cron: Cron,
  timeZone: z.string().optional(),
  /** When the run before has not ended: leave this one out, wait for it, or cancel it. `skip` unless told. */
  overlap: z.enum(['skip', 'queue', 'cancelRunning']).optional(),
  /** After a time when nobody was there to start runs: every one that was missed, or only the latest. */
  catchUp: z.boolean().optional(),
  /** Values of inputs, over their defaults. */
  inputs: z.record(Id, z.json()).optional(),
});
export type Schedule = z.output<typeof Schedule>;

/** When the stacks and machines of a runbook are compared with what its runs left there. Looking repairs nothing; `remediation` says what may. */
export const DriftRule = z.strictObject({ schedule: Schedule.pick({ cron: true, timeZone: true }) });

/** What sets right what a compliance scan of this runbook finds, or what has drifted. */
export const Remediation = z.strictObject({
  runbook: Id,
  inputs: z.record(Id, z.json()).optional(),
  /** asked: whoever is told of the findings is told the command, too. automatic: it starts, with its own approvals and policies. `asked` unless told. */
  start: z.enum(['asked', 'automatic']).optional(),
});
export type Remediation = z.output<typeof Remediation>;
