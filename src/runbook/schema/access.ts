import { z } from 'zod';
import { Id, Metadata } from './common.ts';

/** Everything somebody may be allowed to do; the part before the dot says on what. */
export const ACCESS_ACTIONS = [
  'runbook.read',
  'plan.create',
  'plan.read',
  'run.start',
  'run.read',
  'run.vote',
  'run.cancel',
  'run.pause',
  'run.resume',
  'run.rollback',
  'run.resolve',
  'run.signal',
  'run.override',
  'log.read',
  'wave.read',
  'inventory.read',
  'drift.read',
  'audit.read',
  'pull.allow',
  'lock.release',
  'token.read',
  'token.create',
  'token.revoke',
] as const;
export type AccessAction = (typeof ACCESS_ACTIONS)[number];

const SUBJECT = /^(?:anyone|(?:user|team|token|trigger|schedule):[A-Za-z0-9][A-Za-z0-9._@+-]{0,127}|group:[A-Za-z0-9/_][A-Za-z0-9._@+:/=, -]{0,199})$/;
const MEMBER = /^(?:user:[A-Za-z0-9][A-Za-z0-9._@+-]{0,127}|group:[A-Za-z0-9/_][A-Za-z0-9._@+:/=, -]{0,199})$/;
const ACTION = /^(?:\*|[a-z]+\.(?:\*|[a-z]+)|\*\.[a-z]+)$/;
const NAMES = /^[a-zA-Z*][a-zA-Z0-9*-]{0,62}$/;

/** An action, or several: `run.*`, `*.read`, `*`. */
export const ActionPattern = z
  .string()
  .regex(ACTION, { error: 'not an action; write for example run.start, run.*, *.read or *' })
  .meta({ description: 'an action such as run.start, or several: run.*, *.read, *' });

/** A name of a runbook or environment, or several by `*`. */
export const NamePattern = z
  .string()
  .regex(NAMES, { error: 'not a name or pattern; use letters, digits, hyphens and *' })
  .meta({ description: 'a name, or several: erp-*, *' });

export const AccessSubject = z
  .string()
  .regex(SUBJECT, { error: 'not a subject; write user:, team:, group:, token:, trigger: or schedule: and a name, or anyone' })
  .meta({ description: 'user:ada, team:erp-leads, group:<of the identity provider>, token:ci, trigger:portal, schedule:nightly, or anyone who is signed in' });

/** What a role may do, beside what the roles it includes may. */
export const Role = z.strictObject({ includes: z.array(Id).optional(), actions: z.array(ActionPattern).optional() });
export type Role = z.output<typeof Role>;

/** Gives a role to somebody, for some environments and runbooks. */
export const Binding = z.strictObject({
  role: Id,
  subjects: z.array(AccessSubject).min(1),
  /** What is not named is not given; `"*"` is every environment. */
  environments: z.array(NamePattern).min(1),
  /** All when absent. */
  runbooks: z.array(NamePattern).min(1).optional(),
});
export type Binding = z.output<typeof Binding>;

/** Who may do what, where. Nothing that is not written here is allowed. */
export const Access = z.strictObject({
  apiVersion: z.literal('slipway/v1'),
  kind: z.literal('Access'),
  metadata: Metadata,
  roles: z.record(Id, Role).optional(),
  /** Who belongs to a team; approvals ask for teams too. */
  teams: z
    .record(Id, z.strictObject({ members: z.array(z.string().regex(MEMBER, { error: 'not a member; write user:<name> or group:<name>' })).min(1) }))
    .optional(),
  bindings: z.array(Binding).optional(),
});
export type Access = z.output<typeof Access>;
