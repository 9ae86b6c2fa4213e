import type { Digest, JsonObject } from '../../core/index.ts';
import type { EventBody, JournalEvent, RunState } from '../../engine/index.ts';
import type { PlanGraph } from '../../plan/index.ts';
import { TASK_HANDLERS } from './fold-task.ts';
import { safeBody } from './safe.ts';
import type { Attention, Breach, PhaseReport, QueueReport, RollbackReport, RunReport, TaskReport, Vote } from './types.ts';

/** A report that is still growing; `push` folds one more event into it. */
export interface Folding {
  push(event: JournalEvent): void;
  readonly report: RunReport;
  task(path: string): TaskReport | undefined;
}

/** What the fold keeps while it goes on. */
export interface Draft {
  runId: string;
  runbook: string;
  planDigest?: Digest;
  actor: string;
  rehearsal: boolean;
  state: RunState;
  createdAt: number;
  startedAt?: number;
  finishedAt?: number;
  updatedAt: number;
  reason?: string;
  queue?: QueueReport;
  outputs: JsonObject;
  graph?: PlanGraph;
  phases: PhaseReport[];
  readonly tasks: TaskReport[];
  readonly open: Set<TaskReport>;
  readonly byPath: Map<string, TaskReport>;
  rollback?: RollbackReport;
  readonly votes: Vote[];
  readonly breaches: Breach[];
  attention: Attention[];
  events: number;
  head?: Digest;
  rollbackOf?: string;
}

/** Fold the events of one run, in their order. */
export function runReport(events: Iterable<JournalEvent>): RunReport {
  const folding = startFold();
  for (const event of events) folding.push(event);
  return folding.report;
}

/** Begin a fold that follows a run while it goes on. */
export function startFold(): Folding {
  const draft: Draft = {
    runId: '',
    runbook: '',
    actor: '',
    rehearsal: false,
    state: 'queued',
    createdAt: 0,
    updatedAt: 0,
    outputs: {},
    phases: [],
    tasks: [],
    open: new Set(),
    byPath: new Map(),
    votes: [],
    breaches: [],
    attention: [],
    events: 0,
  };
  return {
    report: draft,
    task: (path) => draft.byPath.get(path),
    push: (raw) => {
      const event = { ...raw, body: safeBody(raw.body) };
      draft.runId = event.runId;
      draft.events += 1;
      draft.updatedAt = event.at;
      draft.head = event.hash;
      // Whatever it does next, it no longer waits; people's requests come in between.
      if (ACTS.has(event.body.type)) delete draft.queue;
      dispatch(RUN_HANDLERS, draft, event);
      dispatch(TASK_HANDLERS, draft, event);
    },
  };
}

type Handler<T> = (draft: Draft, body: EventBody & { readonly type: T }, at: number) => void;
/** How events change a report, by their type; one without a handler changes nothing. */
export type Handlers = { readonly [T in EventBody['type']]?: Handler<T> };

/** Apply the handler of an event, if there is one. */
export function dispatch(handlers: Handlers, draft: Draft, { body, at }: JournalEvent): void {
  // Correlated unions: the table pairs each handler with its own event, which TypeScript cannot follow through the look-up.
  const handler = handlers[body.type] as Handler<unknown> | undefined;
  handler?.(draft, body, at);
}

const ACTS: ReadonlySet<EventBody['type']> = new Set(['runStarted', 'phaseStarted', 'stepStarted', 'stepFinished', 'phaseFinished', 'runFinished']);

const RUN_HANDLERS: Handlers = {
  runCreated: created,
  runQueued: (draft, { group, behind = [], lock }, at) => void (draft.queue = { group, behind, since: at, ...(lock ? { lock } : {}) }),
  runStarted: (draft, _, at) => void Object.assign(draft, { startedAt: at, state: 'running' }),
  phaseStarted: (draft, body, at) => void Object.assign(phaseOf(draft, body.phase), { state: 'running', startedAt: at }),
  phaseFinished: (draft, body, at) => void Object.assign(phaseOf(draft, body.phase), { state: body.state, finishedAt: at }),
  pauseRequested: (draft) => void (draft.state = 'paused'),
  resumeRequested: (draft) => void (draft.state = 'running'),
  cancelRequested: (draft) => void (draft.state = 'cancelling'),
  rollbackRequested: (draft, body, at) => {
    draft.state = 'rollingBack';
    draft.rollback ??= { trigger: body.trigger, reason: body.reason, by: body.by, requestedAt: at };
  },
  runFinished: finished,
  voteCast: (draft, { path, voter, decision, reason }, at) => {
    draft.votes.push({ path, voter, decision, at, ...(reason === undefined ? {} : { reason }) });
  },
  watchBreached: (draft, body, at) => void draft.breaches.push({ what: body.path, message: body.message, at }),
  slaBreached: (draft, body, at) => void draft.breaches.push({ what: body.id, message: 'took longer than agreed', at }),
  windowClosed: (draft, body, at) => void draft.breaches.push({ what: body.phase, message: 'the change window closed', at }),
  attentionRaised: (draft, { path, reason, hint }) => {
    draft.state = 'attention';
    draft.attention.push({ path, reason, hint });
  },
  attentionCleared: (draft, { path }) => calmed(draft, path),
  taskResolved: (draft, { path }) => calmed(draft, path),
};

function calmed(draft: Draft, path: string): void {
  draft.attention = draft.attention.filter((raised) => raised.path !== path);
  if (draft.state === 'attention' && draft.attention.length === 0) draft.state = draft.rollback === undefined ? 'running' : 'rollingBack';
}

/** The phase, or a throw-away one when a plan of another version has no such phase. */
function phaseOf(draft: Draft, id: string): PhaseReport {
  return draft.phases.find((phase) => phase.id === id) ?? { id, type: 'custom', state: 'pending' };
}

function created(draft: Draft, body: EventBody & { type: 'runCreated' }, at: number): void {
  draft.createdAt = at;
  draft.runbook = body.graph.runbook;
  draft.planDigest = body.planDigest;
  draft.actor = body.actor;
  draft.rehearsal = body.rehearsal;
  draft.graph = body.graph;
  draft.phases = body.graph.phases.map(({ id, type }) => ({ id, type, state: 'pending' }));
  if (body.rollbackOf !== undefined) {
    draft.rollbackOf = body.rollbackOf.runId;
    draft.rollback = { trigger: 'manual', reason: `undo ${body.rollbackOf.runId}`, by: body.actor, requestedAt: at };
  }
}

function finished(draft: Draft, body: EventBody & { type: 'runFinished' }, at: number): void {
  draft.state = body.state;
  draft.finishedAt = at;
  draft.outputs = body.outputs;
  if (body.reason !== undefined) draft.reason = body.reason;
  if (draft.rollback !== undefined) draft.rollback.finishedAt = at;
  // A phase that a rollback or a cancel cut short gets no end of its own.
  for (const open of draft.phases.filter(({ state }) => state === 'running')) {
    open.state = body.state === 'succeeded' ? 'succeeded' : body.state === 'cancelled' ? 'cancelled' : 'failed';
    open.finishedAt = draft.rollback?.requestedAt ?? at;
  }
}
