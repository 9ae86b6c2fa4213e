import { isArray, isObject, type Json, unreachable } from '../../core/pure.ts';
import type { HostRule, PlanNode } from '../../plan/index.ts';
import { newTask } from '../evolve/task-event.ts';
import { taskPath } from '../graph-index.ts';
import type { EventBody } from '../events.ts';
import { isGood, isSettled, type Task } from '../state.ts';
import { type Decision, evaluated, isTruthy, withOf } from './context.ts';
import { isControl } from './kind-of.ts';
import { mayRetry, retryAt } from './retry.ts';
import { awaitsPerson, isFinal } from './status.ts';
import { decideWait, startControl } from './wait.ts';

export type TaskScope = 'run' | 'cleanup';
const MOST_ITEMS = 10_000;

export function record(decision: Decision, event: EventBody): void {
  decision.actions.push({ type: 'record', event });
}

/** Take a node whose turn has come one step further: expand it, or move its tasks on. */
export function advance(decision: Decision, node: PlanNode, scope: TaskScope): void {
  if (node.foreach === undefined) return advanceTask(decision, node, { task: taskAt(decision, node.path), scope });
  const items = decision.data.items.get(node.path);
  if (!items) return expand(decision, node);
  const tasks = items.map((_, index) => taskAt(decision, taskPath(node, index)));
  const hopeless = node.failFast && tasks.some((task) => isFailedForGood(node, task));
  let free = (node.maxParallel ?? Infinity) - tasks.filter((task) => !isSettled(task) && task.state !== 'pending').length;
  for (const task of tasks) {
    if (task.state !== 'pending') advanceTask(decision, node, { task, scope });
    else if (hopeless) record(decision, { type: 'stepSkipped', path: task.path, reason: 'another item failed' });
    else if (free-- > 0) advanceTask(decision, node, { task, scope });
  }
}

/** Take one task one step further, whatever its node says about items: a compensation belongs to the item of its owner. */
export function advanceAs(decision: Decision, node: PlanNode, { path, scope }: { readonly path: string; readonly scope: TaskScope }): void {
  advanceTask(decision, node, { task: taskAt(decision, path), scope });
}

function isFailedForGood(node: PlanNode, task: Task): boolean {
  return isFinal(node, task) && !isGood(task);
}

function taskAt({ data }: Decision, path: string): Task {
  return data.tasks.get(path) ?? newTask(path);
}

function expand(decision: Decision, node: PlanNode): void {
  const value = evaluated(decision, node.foreach ?? null, { node: node.path });
  if (isArray(value) && value.length <= MOST_ITEMS) return record(decision, { type: 'stepExpanded', path: node.path, items: value });
  const what = isArray(value) ? `${value.length} items` : JSON.stringify(value);
  record(decision, { type: 'stepExpanded', path: node.path, items: [null] });
  failAtOnce(decision, taskPath(node, 0), { code: 'BAD_FOREACH', message: `foreach needs a list of at most ${MOST_ITEMS} items and got ${what}` });
}

function advanceTask(decision: Decision, node: PlanNode, { task, scope }: { readonly task: Task; readonly scope: TaskScope }): void {
  switch (task.state) {
    case 'pending':
      return begin(decision, node, { task, scope });
    case 'ready':
      return start(decision, node, { task, scope });
    case 'retrying':
      if (decision.now >= (task.retryAt ?? 0)) return start(decision, node, { task, scope });
      decision.actions.push({ type: 'timer', timer: `retry ${task.path}`, at: task.retryAt ?? decision.now });
      return;
    case 'running':
      return running(decision, node, task);
    case 'waiting':
      return waiting(decision, node, task);
    case 'inDoubt':
      return doubt(decision, node, { task, scope });
    case 'failed':
    case 'timedOut':
      return failed(decision, node, task);
    case 'ok':
    case 'changed':
    case 'skipped':
    case 'cancelled':
    case 'compensating':
    case 'compensated':
      return;
    default:
      return unreachable(task.state);
  }
}

function begin(decision: Decision, node: PlanNode, { task, scope }: { readonly task: Task; readonly scope: TaskScope }): void {
  const condition = node.if === undefined ? true : evaluated(decision, node.if, task);
  if (!isTruthy(condition)) return record(decision, { type: 'stepSkipped', path: task.path, reason: 'its condition is false' });
  start(decision, node, { task, scope });
}

function start(decision: Decision, node: PlanNode, { task, scope }: { readonly task: Task; readonly scope: TaskScope }): void {
  if (isOverdue(decision, node, task)) return giveUp(decision, task);
  const attempt = task.attempt + 1;
  const input = task.attempt === 0 ? withOf(decision, node, task) : task.with;
  const key = `${decision.data.runId}:${task.path}`;
  if (isControl(decision, task)) return record(decision, { type: 'stepStarted', path: task.path, attempt, key, with: input });
  decision.actions.push({
    type: 'start',
    path: task.path,
    node: node.path,
    attempt,
    uses: node.uses,
    with: input,
    key,
    timeoutMs: node.timeoutMs,
    ledger: task.hosts as { readonly [host: string]: Json }, // host results are JSON by contract
    scope,
    ...(node.heartbeatMs === undefined ? {} : { heartbeatMs: node.heartbeatMs }),
    ...(node.hosts ? { hosts: hostsOf(decision, node.hosts, task) } : {}),
    ...(task.only ? { only: task.only } : chainOf(decision, node)),
  });
}

function chainOf({ hostFirst, index }: Decision, { path }: PlanNode): { readonly chain?: readonly string[] } {
  const chain = hostFirst ? index.chains.of.get(path) : undefined;
  return chain ? { chain } : {};
}

/** The rule with what may be an expression in it evaluated: whom to become, and with which password. */
function hostsOf(decision: Decision, rule: HostRule, task: Task): HostRule {
  if (!rule.become) return rule;
  const become = evaluated(decision, rule.become, task);
  return isObject(become) ? { ...rule, become } : rule;
}

/** A control task decides by itself what it waits for; any other is the driver's until it ends or its deadline is over. */
function running(decision: Decision, node: PlanNode, task: Task): void {
  if (isControl(decision, task)) return startControl(decision, node, task);
  const at = deadlineOf(node, task);
  if (at === undefined) return;
  if (decision.now >= at) decision.actions.push({ type: 'cancel', path: task.path, attempt: task.attempt, reason: OVERDUE.message, isTimeout: true });
  else decision.actions.push({ type: 'timer', timer: `deadline ${task.path}`, at });
}

/** What a task waits for, within its time limits; those of a called runbook end with it. */
function waiting(decision: Decision, node: PlanNode, task: Task): void {
  const limits = [deadlineOf(node, task), node.timeoutMs > 0 ? (task.attemptAt ?? 0) + node.timeoutMs : undefined];
  const at = Math.min(...limits.map((limit) => limit ?? Infinity));
  if (at !== Infinity && decision.now < at) decision.actions.push({ type: 'timer', timer: `deadline ${task.path}`, at });
  const before = decision.actions.length;
  decideWait(decision, task);
  const hasEnded = decision.actions.slice(before).some(({ type }) => type === 'record');
  if (hasEnded || decision.now < at) return;
  if (task.wait?.type === 'call') decision.actions.push({ type: 'cancel', path: task.path, attempt: task.attempt, reason: OVERDUE.message, isTimeout: true });
  else timeOut(decision, task);
}

const OVERDUE = { code: 'TIMED_OUT', message: 'its deadline is over', retry: 'afterBackoff' } as const;

function deadlineOf({ deadlineMs }: PlanNode, { firstStartedAt }: Task): number | undefined {
  return deadlineMs === undefined || firstStartedAt === undefined ? undefined : firstStartedAt + deadlineMs;
}

function isOverdue({ now }: Decision, node: PlanNode, task: Task): boolean {
  return now >= (deadlineOf(node, task) ?? Infinity);
}

/** No further attempt begins after the deadline. An attempt in doubt ends by that; before a retry, the one that would begin does. */
function giveUp(decision: Decision, task: Task): void {
  if (task.state === 'inDoubt') return timeOut(decision, task);
  const { path, attempt, key, with: input } = task;
  record(decision, { type: 'stepStarted', path, attempt: attempt + 1, key, with: input });
  record(decision, { type: 'stepFinished', path, attempt: attempt + 1, durationMs: 0, result: { state: 'timedOut', error: OVERDUE } });
}

function timeOut(decision: Decision, { path, attempt, attemptAt }: Task): void {
  const durationMs = Math.max(0, decision.now - (attemptAt ?? decision.now));
  record(decision, { type: 'stepFinished', path, attempt, durationMs, result: { state: 'timedOut', error: OVERDUE } });
}

function doubt(decision: Decision, node: PlanNode, { task, scope }: { readonly task: Task; readonly scope: TaskScope }): void {
  // Hosts that have an intent and no result are the doubtful ones; when there is none, nothing is in doubt.
  const isClear = node.hosts !== undefined && !Object.values(task.hosts).includes('inDoubt');
  if (isClear || node.idempotency === 'safe' || node.idempotency === 'keyed') return start(decision, node, { task, scope });
  if (task.attention || decision.data.attention.has(task.path)) return raise(decision, task, task.attention ?? { reason: 'in doubt', hint: '' });
  if (node.idempotency === 'probe' && canProbe(decision, node)) {
    const { path, attempt, with: input, key } = task;
    const onHosts = node.hosts ? { hosts: hostsOf(decision, node.hosts, task), ledger: task.hosts as { readonly [host: string]: Json } } : {}; // host results are JSON by contract
    decision.actions.push({ type: 'probe', path, node: node.path, attempt, uses: node.uses, with: input, key, timeoutMs: node.timeoutMs, scope, ...onHosts });
    return;
  }
  raise(decision, task, {
    reason: `${task.path} was under way when its process died, and repeating it may do harm`,
    hint: `look whether it took effect, then run "slipway resolve ${decision.data.runId} ${task.path} --as done" (or retry, or failed)`,
  });
}

function canProbe({ kindOf }: Decision, node: PlanNode): boolean {
  const kind = kindOf(node.uses);
  if (kind?.target === 'hosts') return kind.probeHost !== undefined;
  return kind !== undefined && 'probe' in kind && kind.probe !== undefined;
}

function failed(decision: Decision, node: PlanNode, task: Task): void {
  if (mayRetry(task, node)) {
    return record(decision, { type: 'stepRetryScheduled', path: task.path, attempt: task.attempt + 1, at: retryAt(task, node) });
  }
  if (!awaitsPerson(node, task)) return;
  const { message = 'it failed', hint = '' } = task.error ?? {};
  raise(decision, task, {
    reason: message,
    hint: `${hint === '' ? '' : `${hint}; `}then run "slipway resolve ${decision.data.runId} ${task.path} --as retry" (or done, or failed)`,
  });
}

function raise(decision: Decision, task: Task, { reason, hint }: { readonly reason: string; readonly hint: string }): void {
  if (!decision.data.attention.has(task.path)) record(decision, { type: 'attentionRaised', path: task.path, reason, hint });
}

/** End a task that cannot even begin. */
export function failAtOnce(decision: Decision, path: string, error: { readonly code: string; readonly message: string; readonly hint?: string }): void {
  const task = decision.data.tasks.get(path);
  const attempt = (task?.attempt ?? 0) + 1;
  record(decision, { type: 'stepStarted', path, attempt, key: `${decision.data.runId}:${path}`, with: {} });
  record(decision, { type: 'stepFinished', path, attempt, durationMs: 0, result: { state: 'failed', error: { ...error, retry: 'never' } } });
}
