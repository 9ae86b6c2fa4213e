import type { Wait } from '../steps/index.ts';
import { isTerminal, runStateOf } from './view.ts';
import type { RunData, Task } from './state.ts';

/** Who holds the lease of a run, as the journal and the process table tell it. */
export type Driver =
  | { readonly state: 'none' }
  | { readonly state: 'alive'; readonly owner: string; readonly expiresAt: number }
  /** Its process is gone for certain, or its lease has run out. */
  | { readonly state: 'gone'; readonly owner: string };

/** Why a run does not go on by itself, and the next safe command. */
export interface Standstill {
  /** `person`: it waits for somebody and will not go on without. `driver`: nobody drives it. `silent`: somebody does, and nothing happens. */
  readonly kind: 'person' | 'driver' | 'silent';
  readonly reason: string;
  readonly next: string;
  /** Milliseconds since the epoch: when it last did anything. */
  readonly since: number;
}
/** A step may take a little longer than its time limit to be stopped and recorded. */
const SLACK_MS = 120_000;

/** Every reason why a run stands still; none when it goes on, waits for a time that comes by itself, or has ended. Pure. */
export function standstillOf(data: RunData, { now, driver }: { readonly now: number; readonly driver: Driver }): readonly Standstill[] {
  const state = runStateOf(data);
  if (isTerminal(state)) return [];
  const asked = [...askedPeople(data), ...(data.paused ? [paused(data)] : [])];
  if (driver.state === 'alive') return [...asked, ...silent(data, now)];
  const isOnlyAsking = (state === 'attention' || state === 'paused') && asked.length > 0;
  return isOnlyAsking ? asked : [undriven(data, driver), ...asked];
}

function undriven({ runId, at }: RunData, driver: Exclude<Driver, { state: 'alive' }>): Standstill {
  const reason = driver.state === 'none' ? 'no process drives it' : `the process that drove it, ${driver.owner}, is gone`;
  return { kind: 'driver', reason, next: `slipway resume ${runId}`, since: at };
}

function paused({ runId, at }: RunData): Standstill {
  return { kind: 'person', reason: 'it was paused', next: `slipway resume ${runId}`, since: at };
}

function askedPeople(data: RunData): readonly Standstill[] {
  const { runId, attention, tasks, at } = data;
  const raised = [...attention].map(([path, reason]): Standstill => ({
    kind: 'person',
    reason: `${path}: ${reason}`,
    next: nextOf(runId, path, tasks.get(path)),
    since: at,
  }));
  const waiting = [...tasks.values()].flatMap((task) =>
    task.state === 'waiting' && task.wait && !attention.has(task.path) ? waitsFor(runId, task, task.wait) : [],
  );
  return [...raised, ...waiting];
}

function nextOf(runId: string, path: string, task: Task | undefined): string {
  if (task?.wait?.type === 'gate') return `slipway approve ${runId} ${path}`;
  return task ? `slipway resolve ${runId} ${path} --as retry|done|failed` : `slipway status ${runId}`;
}

function waitsFor(runId: string, { path, attemptAt = 0 }: Task, wait: Exclude<Wait, { type: 'branch' }>): readonly Standstill[] {
  switch (wait.type) {
    case 'gate':
      return [{ kind: 'person', reason: `${path} waits for ${wait.gate.approvers.join(', ')}`, next: `slipway approve ${runId} ${path}`, since: attemptAt }];
    case 'signal':
      return [{ kind: 'person', reason: `${path} waits for the signal "${wait.name}"`, next: `slipway signal ${runId} ${wait.name}`, since: attemptAt }];
    case 'timer':
    case 'call':
      return [];
  }
}

/** Driven, and a step has been under way for longer than it may be: the driver hangs, or what it waits for does. */
function silent(data: RunData, now: number): readonly Standstill[] {
  return [...data.tasks.values()].flatMap(({ state, node, path, attemptAt = now }) => {
    const limit = data.created?.graph.nodes[node]?.timeoutMs ?? 0;
    const isLate = state === 'running' && limit > 0 && now > attemptAt + limit + SLACK_MS && now > data.at + SLACK_MS;
    if (!isLate) return [];
    const reason = `${path} has been under way for longer than its time limit and nothing was recorded since`;
    return [{ kind: 'silent', reason, next: `slipway logs ${data.runId} ${path}`, since: data.at } as const];
  });
}
