import { teamsOf, type AccessObject } from '../access/index.ts';
import { environmentsOf, type Head, type Order, type RunFacts, type Session } from '../app/index.ts';
import { createMasker, EXIT, type Json, PATTERN, SlipwayError } from '../core/index.ts';
import type { AccessAction } from '../runbook/index.ts';
import type { ServerDeps } from './deps.ts';
import type { Caller } from './http/env.ts';

/** What somebody wants to do. */
export interface Wish {
  readonly action: AccessAction;
  /** Whose Access files judge; the first of the server's for what belongs to none. */
  readonly repository?: string | undefined;
  readonly object: AccessObject;
}

/** Go on only if the caller may. @throws {SlipwayError} `NOT_AUTHORIZED`, and what reading the default branch throws. */
export async function guard(deps: ServerDeps, { identity }: Caller, { action, repository, object }: Wish): Promise<Head> {
  const head = await deps.heads.recent(repository ?? firstOf(deps));
  await deps.gate.authorize(head.judges, { identity, action, object }, deps.signal);
  return head;
}

/** May the caller see it in a list? */
export async function maySee(deps: ServerDeps, { identity }: Caller, { action, repository, object }: Wish): Promise<boolean> {
  const head = await deps.heads.recent(repository ?? firstOf(deps));
  return deps.gate.mayList(head.judges, { identity, action, object }, deps.signal);
}

function firstOf({ heads }: ServerDeps): string {
  return heads.names[0] ?? '';
}

/** The repository that is meant: the named one, or the only one. @throws {SlipwayError} `REPOSITORY_NEEDED`. */
export function repositoryOf({ heads }: ServerDeps, name: string | undefined): string {
  if (name !== undefined) return name;
  const [only, other] = heads.names;
  if (only !== undefined && other === undefined) return only;
  throw new SlipwayError('REPOSITORY_NEEDED', 'this server has several repositories', {
    exitCode: EXIT.usage,
    hint: `add repository: one of ${heads.names.join(', ')}`,
  });
}

/** A session of the use cases for a caller. */
export function sessionFor(deps: ServerDeps, { identity }: Caller, { root, commit, judges }: Head, about: object = {}): Session {
  return {
    ...{ actor: identity.id, teams: teamsOf(judges.rules, identity), root, commit },
    ...{ stateDir: deps.stateDir, masker: createMasker(), signal: deps.signal, drain: deps.drain },
    notice: (line) => deps.log.info(about, line),
  };
}

/** A session for reading what belongs to no caller. */
export function readingSession(deps: ServerDeps, signal: AbortSignal = deps.signal): Session {
  return { actor: 'system', teams: [], root: deps.stateDir, stateDir: deps.stateDir, masker: createMasker(), signal, notice: () => undefined };
}

/** A run that was asked for: started, or still an order. */
export interface RunTarget {
  readonly runId: string;
  readonly repository: string | undefined;
  readonly object: Extract<AccessObject, { kind: 'runbook' }>;
  readonly facts?: RunFacts;
  readonly order?: Order;
}

/** Find a run. @throws {SlipwayError} `RUN_NOT_FOUND`. */
export async function findRun(deps: ServerDeps, runId: string): Promise<RunTarget> {
  if (!PATTERN.run.test(runId)) throw new SlipwayError('RUN_NOT_FOUND', 'there is no such run', { exitCode: EXIT.notFound });
  const order = await deps.desk.order(runId);
  try {
    const facts = await deps.app.facts(readingSession(deps), runId);
    return { runId, ...targetOf(facts), facts, ...(order ? { order } : {}) };
  } catch (cause) {
    const isPending = order?.kind === 'run' && cause instanceof SlipwayError && cause.code === 'RUN_NOT_FOUND';
    if (!isPending) throw cause;
    const { repository, runbook, environments } = order;
    return { runId, repository, object: { kind: 'runbook', runbook, environments }, order };
  }
}

/** Where a recorded run belongs: what it was started with says so, whoever started it. */
export function targetOf({ row, events }: Pick<RunFacts, 'row'> & Partial<Pick<RunFacts, 'events'>>): Pick<RunTarget, 'repository' | 'object'> {
  const { repository, environments } = row.labels;
  const [first] = events ?? [];
  const phases = first?.body.type === 'runCreated' ? first.body.graph.phases : [];
  const known = textsIn(environments) ?? environmentsOf(phases);
  return { repository: typeof repository === 'string' ? repository : undefined, object: { kind: 'runbook', runbook: row.runbook, environments: known } };
}

function textsIn(value: Json | undefined): readonly string[] | undefined {
  return Array.isArray(value) && value.every((each) => typeof each === 'string') ? value : undefined;
}
