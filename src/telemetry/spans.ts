import { createHash } from 'node:crypto';
import { isTerminal, type JournalEvent, parseTaskPath, type StepResult } from '../engine/index.ts';

type Created = Extract<JournalEvent['body'], { type: 'runCreated' }>;
type Attributes = { readonly [name: string]: string | number | boolean };

/** A span as OpenTelemetry wants it. Ids follow from the run and the path, so that a span told twice is one span. Times are milliseconds since the epoch. */
export interface SpanData {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  /** The run is SERVER, its parts are INTERNAL, as the conventions for CI/CD say. */
  readonly kind: 'server' | 'internal';
  readonly startedAt: number;
  readonly endedAt: number;
  readonly status: 'ok' | 'error' | 'unset';
  readonly message?: string;
  readonly attributes: Attributes;
}
/** What is open of one run. */
interface Open {
  created?: Created;
  createdAt: number;
  readonly phases: Map<string, number>;
  readonly attempts: Map<string, { readonly attempt: number; readonly at: number }>;
  readonly tasks: Map<string, number>;
  /** Steps that ended badly, or in doubt: they may yet be tried again, or settled. */
  readonly unsure: Map<string, Ended>;
}
interface Ended {
  readonly path: string;
  readonly at: number;
  readonly result: StepResult | 'inDoubt';
}

/**
 * A fold over the events of one run, from its first: gives the spans that each event ends. Run, phase, step and attempt nest; names and attributes are
 * those of OpenTelemetry's conventions for CI/CD, `slipway.*` where they have none.
 */
export function createSpanFold(runId: string): (event: JournalEvent) => readonly SpanData[] {
  const open: Open = { createdAt: 0, phases: new Map(), attempts: new Map(), tasks: new Map(), unsure: new Map() };
  return ({ body, at }) => {
    if (body.type === 'runCreated') Object.assign(open, { created: body, createdAt: at });
    return 'path' in body ? taskSpans(open, runId, { body, at }) : partSpans(open, runId, { body, at });
  };
}

type Body = JournalEvent['body'];
interface At<B extends Body> {
  readonly body: B;
  readonly at: number;
}

function partSpans(open: Open, runId: string, { body, at }: At<Body>): readonly SpanData[] {
  switch (body.type) {
    case 'phaseStarted':
      open.phases.set(body.phase, at);
      return [];
    case 'phaseFinished':
      return [...unsureSpans(open, runId), ...phaseSpan(open, runId, { phase: body.phase, at, state: body.state })];
    case 'runFinished':
      return [...unsureSpans(open, runId), runSpan(open, runId, { at, state: body.state, reason: body.reason })];
    default:
      return [];
  }
}

function taskSpans(open: Open, runId: string, { body, at }: At<Extract<Body, { path: string }>>): readonly SpanData[] {
  const { path } = body;
  switch (body.type) {
    case 'stepStarted':
      open.attempts.set(path, { attempt: body.attempt, at });
      if (!open.tasks.has(path)) open.tasks.set(path, at);
      open.unsure.delete(path);
      return [];
    case 'stepInDoubt':
      open.unsure.set(path, { path, at, result: 'inDoubt' });
      return attemptSpan(open, runId, { path, at, result: 'inDoubt' });
    case 'stepFinished':
      return [...attemptSpan(open, runId, { path, at, result: body.result }), ...finish(open, runId, { path, at, result: body.result })];
    case 'stepProbed':
      return body.result ? finish(open, runId, { path, at, result: body.result }) : [];
    case 'taskResolved':
      return body.as === 'done' ? finish(open, runId, { path, at, result: { state: 'ok', outputs: {} } }) : [];
    default:
      return [];
  }
}

/** A step that ended well is over; one that did not may be tried again, and is told when its phase or the run ends. */
function finish(open: Open, runId: string, ended: Ended): readonly SpanData[] {
  open.unsure.delete(ended.path);
  if (errorOf(ended.result) === undefined) return taskSpan(open, runId, ended);
  open.unsure.set(ended.path, ended);
  return [];
}

function unsureSpans(open: Open, runId: string): readonly SpanData[] {
  const spans = [...open.unsure.values()].flatMap((ended) => taskSpan(open, runId, ended));
  open.unsure.clear();
  return spans;
}

function attemptSpan(open: Open, runId: string, { path, at, result }: Ended): readonly SpanData[] {
  const begun = open.attempts.get(path);
  open.attempts.delete(path);
  if (!begun) return [];
  const error = errorOf(result);
  return [
    {
      ...idsOf(runId, `${path}#${begun.attempt}`, path),
      ...{ name: `attempt ${begun.attempt} of ${path}`, kind: 'internal', startedAt: begun.at, endedAt: at },
      ...statusOf(error),
      attributes: { ...taskAttributes(open, runId, path), 'slipway.attempt': begun.attempt, ...errorAttributes(error) },
    },
  ];
}

/** The whole of a step, from its first attempt. */
function taskSpan(open: Open, runId: string, { path, at, result }: Ended): readonly SpanData[] {
  const startedAt = open.tasks.get(path);
  open.tasks.delete(path);
  if (startedAt === undefined) return [];
  const phase = phaseOf(open, path);
  const error = errorOf(result);
  const state = typeof result === 'string' ? result : result.state;
  const told = { 'cicd.pipeline.task.run.result': RESULTS[state] ?? 'error', 'slipway.step.state': state };
  return [
    {
      ...idsOf(runId, path, phase === undefined ? 'run' : `phase ${phase}`),
      ...{ name: path, kind: 'internal', startedAt, endedAt: at },
      ...statusOf(error),
      attributes: { ...taskAttributes(open, runId, path), ...told, ...errorAttributes(error) },
    },
  ];
}

function phaseSpan(
  open: Open,
  runId: string,
  { phase, at, state }: { readonly phase: string; readonly at: number; readonly state: string },
): readonly SpanData[] {
  const startedAt = open.phases.get(phase);
  open.phases.delete(phase);
  if (startedAt === undefined) return [];
  const attributes = { ...runAttributes(open, runId), 'slipway.phase': phase, 'slipway.phase.state': state };
  return [
    {
      ...idsOf(runId, `phase ${phase}`, 'run'),
      ...{ name: `phase ${phase}`, kind: 'internal', startedAt, endedAt: at, attributes },
      ...(state === 'failed' ? { status: 'error' as const } : { status: state === 'succeeded' ? ('ok' as const) : ('unset' as const) }),
    },
  ];
}

function runSpan(
  open: Open,
  runId: string,
  { at, state, reason }: { readonly at: number; readonly state: string; readonly reason: string | undefined },
): SpanData {
  const result = resultOfRun(state);
  const parent = open.created?.parent;
  return {
    ...idsOf(runId, 'run'),
    ...(parent ? { traceId: traceIdOf(parent.runId), parentSpanId: spanIdOf(parent.runId, parent.path) } : {}),
    ...{ name: `RUN ${open.created?.graph.runbook ?? runId}`, kind: 'server', startedAt: open.createdAt, endedAt: at },
    ...(result === 'success' ? { status: 'ok' as const } : { status: 'error' as const, ...(reason === undefined ? {} : { message: reason }) }),
    attributes: {
      ...runAttributes(open, runId),
      ...{ 'cicd.pipeline.action.name': 'RUN', 'cicd.pipeline.result': result, 'slipway.run.state': state },
      ...(result === 'success' ? {} : { 'error.type': state }),
    },
  };
}

/** `cicd.pipeline.result` of a run that has ended. A rollback that went well is still a failure of what was wanted. */
export function resultOfRun(state: string): 'success' | 'failure' | 'cancellation' | 'error' {
  if (!isTerminal(state)) return 'error';
  if (state === 'succeeded') return 'success';
  return state === 'cancelled' ? 'cancellation' : state === 'rollbackFailed' ? 'error' : 'failure';
}

const RESULTS: { readonly [state: string]: string } = { ok: 'success', changed: 'success', failed: 'failure', timedOut: 'timeout', cancelled: 'cancellation' };

function runAttributes({ created }: Open, runId: string): Attributes {
  const environments = [...new Set((created?.graph.phases ?? []).flatMap(({ environment }) => environment ?? []))];
  return {
    'cicd.pipeline.name': created?.graph.runbook ?? 'unknown',
    'cicd.pipeline.run.id': runId,
    'slipway.plan.digest': created?.planDigest ?? 'unknown',
    'slipway.rehearsal': created?.rehearsal ?? false,
    ...(environments.length === 0 ? {} : { 'deployment.environment.name': environments.join(',') }),
    ...(created?.commit ? { 'vcs.ref.head.revision': created.commit.head } : {}),
  };
}

function taskAttributes(open: Open, runId: string, path: string): Attributes {
  const node = open.created?.graph.nodes[parseTaskPath(path).node];
  return {
    ...runAttributes(open, runId),
    ...{ 'cicd.pipeline.task.name': node?.label ?? path, 'cicd.pipeline.task.run.id': path, 'cicd.pipeline.task.type': 'deploy' },
    ...(node ? { 'slipway.step.uses': node.uses, 'slipway.step.role': node.role } : {}),
  };
}

function phaseOf({ created }: Open, path: string): string | undefined {
  const node = created?.graph.nodes[parseTaskPath(path).node];
  return node && node.role !== 'compensate' && node.role !== 'rollback' ? node.phase : undefined;
}

interface SpanError {
  readonly code: string;
  readonly message: string;
}
function errorOf(result: StepResult | 'inDoubt'): SpanError | undefined {
  if (result === 'inDoubt') return { code: 'IN_DOUBT', message: 'its process died, and nobody saw the end' };
  return 'error' in result ? result.error : undefined;
}
function statusOf(error: SpanError | undefined): { readonly status: 'ok' } | { readonly status: 'error'; readonly message: string } {
  return error ? { status: 'error', message: error.message } : { status: 'ok' };
}
function errorAttributes(error: SpanError | undefined): Attributes {
  return error ? { 'error.type': error.code } : {};
}

function idsOf(runId: string, part: string, parent?: string): Pick<SpanData, 'traceId' | 'spanId' | 'parentSpanId'> {
  return { traceId: traceIdOf(runId), spanId: spanIdOf(runId, part), ...(parent === undefined ? {} : { parentSpanId: spanIdOf(runId, parent) }) };
}
/** 16 bytes, as hexadecimal text. */
export function traceIdOf(runId: string): string {
  return hash(`trace ${runId}`).slice(0, 32);
}
function spanIdOf(runId: string, part: string): string {
  return hash(`span ${runId} ${part}`).slice(0, 16);
}
function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
