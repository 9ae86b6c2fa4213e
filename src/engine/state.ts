import type { Json, JsonObject } from '../core/pure.ts';
import type { RollbackTrigger } from '../runbook/index.ts';
import type { Wait } from '../steps/index.ts';
import type { PublishedItems } from './evolve/publish.ts';
import type { Actor, EventBody, HostResult, RunState, StepFailure, StepState } from './events.ts';

type Created = Extract<EventBody, { type: 'runCreated' }>;
type Vote = Extract<EventBody, { type: 'voteCast' }>;

/** One task: a node, or one item of a foreach node. */
export interface Task {
  readonly path: string;
  /** Path of its node in the plan. */
  readonly node: string;
  readonly index?: number;
  state: StepState;
  /** Of the current or last attempt, from 1; 0 before the first. */
  attempt: number;
  /** Attempts that a crash ended; they do not count as tries. */
  lost: number;
  with: JsonObject;
  key: string;
  /** Start of the first attempt, or of the first one since a person said to try again: limits over all attempts count from here. */
  firstStartedAt?: number;
  attemptAt?: number;
  finishedAt?: number;
  retryAt?: number;
  wait?: Exclude<Wait, { type: 'branch' }>;
  votes: Vote[];
  child?: { readonly state: RunState; readonly outputs: JsonObject };
  outputs: JsonObject;
  summary?: string;
  error?: StepFailure;
  /** A person said that it has failed: no further attempt. */
  givenUp: boolean;
  attention?: { readonly reason: string; readonly hint: string };
  hosts: { [host: string]: HostResult | 'inDoubt' };
  /** A person wants only these hosts tried. */
  only?: readonly string[];
}
export interface PhaseData {
  state: 'pending' | 'running' | 'succeeded' | 'failed' | 'skipped' | 'cancelled';
  startedAt?: number;
  finishedAt?: number;
}
export interface Rollback {
  readonly trigger: RollbackTrigger;
  readonly by: Actor;
  readonly reason: string;
  readonly at: number;
}
/** Everything a run is: a pure fold over its events. `evolve` owns it and changes it in place. */
export interface RunData {
  runId: string;
  seq: number;
  at: number;
  created?: Created;
  startedAt?: number;
  finished?: { readonly state: RunState; readonly at: number; readonly outputs: JsonObject; readonly reason?: string };
  readonly phases: Map<string, PhaseData>;
  readonly tasks: Map<string, Task>;
  /** Items of expanded foreach nodes. */
  readonly items: Map<string, readonly Json[]>;
  /** What `steps` tells of their items, by path of the node. */
  readonly published: Map<string, PublishedItems>;
  /** `steps` of the expression scope, kept up to date task by task. */
  readonly steps: { [id: string]: JsonObject };
  signals: { readonly id: string; readonly name: string; readonly by: Actor; readonly payload: Json; readonly at: number }[];
  paused: boolean;
  cancel?: { readonly by: Actor; readonly reason: string };
  rollback?: Rollback;
  /** A rollback somebody asked for after the point of no return. */
  refusedRollback?: Rollback;
  readonly breachedSla: Set<string>;
  readonly breachedWatch: Map<string, string>;
  readonly closedWindows: Set<string>;
  /** Paths (of tasks, or `@rollback`) for which attention was raised and not settled. */
  readonly attention: Map<string, string>;
  pastNoReturn: boolean;
  /** A gate that nobody opened in time and whose rule is to roll back. */
  overdueGate?: string;
}

/** A run before its first event. */
export function initialState(): RunData {
  return {
    runId: '',
    seq: 0,
    at: 0,
    phases: new Map(),
    tasks: new Map(),
    items: new Map(),
    published: new Map(),
    steps: {},
    signals: [],
    paused: false,
    breachedSla: new Set(),
    breachedWatch: new Map(),
    closedWindows: new Set(),
    attention: new Map(),
    pastNoReturn: false,
  };
}

/** Nothing is going on for this task and nothing will without a new attempt. */
export function isSettled(task: Task): boolean {
  return ['ok', 'changed', 'skipped', 'failed', 'timedOut', 'cancelled'].includes(task.state);
}
/** Did it end well, or did it not have to run? */
export function isGood(task: Task): boolean {
  return task.state === 'ok' || task.state === 'changed' || task.state === 'skipped';
}
/** Was an intent recorded, so that it may have had an effect? */
export function hasStarted(task: Task): boolean {
  return task.attempt > 0;
}
