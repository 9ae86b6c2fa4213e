import { type Clock, digestOf, EXIT, type Json, type JsonObject, SlipwayError } from '../core/index.ts';
import { ACCESS_PACKAGE, evaluatePackages, type PolicySet } from '../policy/index.ts';
import type { AccessAction } from '../runbook/index.ts';
import type { AccessRules } from './rules.ts';
import { type Identity, namesOf } from './subject.ts';

/** What somebody wants to do something to. */
export type AccessObject =
  | { readonly kind: 'server' }
  /** A runbook, and all environments its phases work in. */
  | { readonly kind: 'runbook'; readonly runbook: string; readonly environments: readonly string[] };

export interface AccessRequest {
  readonly identity: Identity;
  readonly action: AccessAction;
  readonly object: AccessObject;
}
/** What a request is judged by; both from the default branch, never from a change. */
export interface Judges {
  readonly rules: AccessRules;
  readonly policies: PolicySet;
}
export type Decision =
  | { readonly allowed: true }
  /** `isUnheard`: policies gave no answer in time, and may allow it a little later. */
  | { readonly allowed: false; readonly why: string; readonly hint: string; readonly isUnheard: boolean };

/** A decision as it is kept. */
export interface DecisionEntry {
  readonly actor: string;
  readonly action: AccessAction;
  readonly object: string;
  readonly details: JsonObject;
}
export interface GateOptions {
  readonly clock: Clock;
  /** Keep a decision; one that cannot be kept is no permission. */
  readonly audit: (entry: DecisionEntry) => Promise<void>;
}
/** The one place where permission is asked for. */
export interface Gate {
  /** @throws {SlipwayError} `NOT_AUTHORIZED`, to be tried again when policies gave no answer in time, and what keeping the decision throws. */
  authorize(judges: Judges, request: AccessRequest, signal: AbortSignal): Promise<void>;
  /** May it be shown in a list? Not kept as a decision: what lists leave out nobody has asked for by name. */
  mayList(judges: Judges, request: AccessRequest, signal: AbortSignal): Promise<boolean>;
}

const DEADLINE_MS = 5_000;
/** The finding of policies that took longer. */
const LATE = 'slipway.timeout';
/** Looking at the same thing again is decided, and kept, once in this time. */
const SAME_LOOK_MS = 60_000;
const SAME_LIST_MS = 5_000;
const MOST_REMEMBERED = 10_000;

/** Judge a request by the policies; whatever goes wrong is no. */
export async function decide({ rules, policies }: Judges, request: AccessRequest, signal: AbortSignal): Promise<Decision> {
  const options = { deadlineMs: DEADLINE_MS, signal };
  const findings = await evaluatePackages(policies, [ACCESS_PACKAGE], { input: documentOf(rules, request), options });
  const [denial] = findings.filter(({ level }) => level !== 'warn');
  if (!denial) return { allowed: true };
  return {
    allowed: false,
    why: denial.msg,
    hint: denial.hint ?? 'ask whoever owns the Access files of the repository',
    isUnheard: findings.some(({ rule }) => rule === LATE),
  };
}

/** Make the gate of a server or command. */
export function createGate({ clock, audit }: GateOptions): Gate {
  const looked = createMemory<true>(SAME_LOOK_MS, clock);
  const listed = createMemory<boolean>(SAME_LIST_MS, clock);
  return {
    authorize: async (judges, request, signal) => {
      const key = keyOf(judges, request);
      const isLook = request.action.endsWith('.read');
      if (isLook && looked.get(key)) return;
      const decision = await decide(judges, request, signal);
      await audit(entryOf(request, decision));
      if (!decision.allowed) {
        const { why, hint, isUnheard } = decision;
        throw new SlipwayError('NOT_AUTHORIZED', why, { exitCode: EXIT.notAuthorized, hint, ...(isUnheard ? { retry: 'afterBackoff' as const } : {}) });
      }
      if (isLook) looked.set(key, true);
    },
    mayList: async (judges, request, signal) => {
      const key = keyOf(judges, request);
      const known = listed.get(key);
      if (known !== undefined) return known;
      const { allowed } = await decide(judges, request, signal);
      listed.set(key, allowed);
      return allowed;
    },
  };
}

/** The document that policies see. */
function documentOf(rules: AccessRules, { identity, action, object }: AccessRequest): Json {
  const { id, via, scopes } = identity;
  const subject = { id, via, names: namesOf(rules, identity), ...(scopes ? { scopes: scopes.map((scope) => ({ ...scope })) } : {}) };
  const target = object.kind === 'server' ? { kind: object.kind, environments: [] } : { ...object };
  const bindings = rules.bindings.map(({ role, subjects, environments, runbooks }) => ({ role, subjects, environments, ...(runbooks ? { runbooks } : {}) }));
  return { version: 1, action, subject, object: target, roles: rules.roles, bindings };
}

function keyOf({ rules, policies }: Judges, { identity, action, object }: AccessRequest): string {
  const { id, via, groups = [], scopes = null } = identity;
  const who = { id, via, groups, scopes: scopes?.map((scope) => ({ ...scope })) ?? null };
  return digestOf([rules.digest, policies.digest, who, action, { ...object }]);
}

function entryOf({ identity, action, object }: AccessRequest, decision: Decision): DecisionEntry {
  const { id, via } = identity;
  const environments = object.kind === 'runbook' ? { environments: object.environments } : {};
  const why = decision.allowed ? {} : { why: decision.why };
  return {
    actor: id,
    action,
    object: object.kind === 'runbook' ? `runbook:${object.runbook}` : 'server',
    details: { allowed: decision.allowed, via, ...environments, ...why },
  };
}

interface Memory<T> {
  readonly get: (key: string) => T | undefined;
  readonly set: (key: string, value: T) => void;
}

function createMemory<T>(ttlMs: number, clock: Clock): Memory<T> {
  const kept = new Map<string, { readonly value: T; readonly until: number }>();
  return {
    get: (key) => {
      const found = kept.get(key);
      return found && found.until > clock.monotonic() ? found.value : undefined;
    },
    set: (key, value) => {
      // The oldest goes: a map keeps the order in which keys came.
      const [oldest] = kept.keys();
      if (kept.size >= MOST_REMEMBERED && oldest !== undefined) kept.delete(oldest);
      kept.delete(key);
      kept.set(key, { value, until: clock.monotonic() + ttlMs });
    },
  };
}
