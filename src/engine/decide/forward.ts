import { isObject, unreachable } from '../../core/index.ts';
import { evaluateDeep } from '../../expr/index.ts';
import type { PlanNode, PlanPhase } from '../../plan/index.ts';
import type { RollbackTrigger } from '../../runbook/index.ts';
import { hasStarted, type Task } from '../state.ts';
import { type Decision, evaluated, scopeOf } from './context.ts';
import { rollBackOn } from './limits.ts';
import { children, coreStatus, isDone, isSkipped, ownStatus, statusOf, tasksOf } from './status.ts';
import { advance, record } from './task.ts';

/** The next of a run that is neither cancelled nor rolled back. */
export function decideForward(decision: Decision): void {
  const { data, graph } = decision;
  for (const phase of graph.phases) {
    const progress = data.phases.get(phase.id);
    if (progress?.state === 'failed') return failRun(decision, phase);
    if (progress?.state === 'succeeded' || progress?.state === 'skipped') continue;
    if (data.paused) return;
    return progress?.state === 'running' ? runPhase(decision, phase) : enterPhase(decision, phase);
  }
  const outputs = evaluateDeep(graph.outputs, scopeOf(decision));
  record(decision, { type: 'runFinished', state: 'succeeded', outputs: isObject(outputs) ? outputs : {} });
}

function enterPhase(decision: Decision, phase: PlanPhase): void {
  const { data, now } = decision;
  const condition = phase.if === undefined || evaluated(decision, phase.if, { node: phase.id });
  if (condition === false || condition === null) return record(decision, { type: 'phaseFinished', phase: phase.id, state: 'skipped' });
  // A rehearsal takes every window as open (docs/decisions/0006).
  if (phase.window && data.created?.rehearsal !== true) {
    const isOpen = phase.window.some(({ from, to }) => from <= now && now < to);
    const next = phase.window.find(({ from }) => from > now);
    if (!isOpen && next) {
      decision.actions.push({ type: 'timer', timer: `window ${phase.id}`, at: next.from });
      return;
    }
    if (!isOpen) {
      if (!data.attention.has(`@window ${phase.id}`))
        record(decision, {
          type: 'attentionRaised',
          path: `@window ${phase.id}`,
          reason: `no change window of phase ${phase.id} opens any more`,
          hint: 'plan again, or change the calendar',
        });
      return;
    }
  }
  record(decision, { type: 'phaseStarted', phase: phase.id });
}

function runPhase(decision: Decision, phase: PlanPhase): void {
  const body = decision.index.body.get(phase.id) ?? [];
  const failed = body.filter((node) => isFatal(decision, node));
  const breach = phaseBreach(decision, phase);
  if (failed.length === 0 && breach === undefined) {
    startReady(decision, body);
    watch(decision, phase);
    phaseTimeout(decision, phase);
    const isOver = body.filter(isTop).every((node) => statusOf(decision, node) === 'done');
    if (isOver && decision.actions.every(({ type }) => type !== 'record' && type !== 'start')) closePhase(decision, phase, 'succeeded');
    return;
  }
  // What is under way ends by itself; nothing new starts but the ends of steps that had begun.
  for (const node of body) if (isOpen(decision, node) || closesStep(decision, node)) advance(decision, node, 'run');
  const stillOpen = body.some((node) => isOpen(decision, node) || closesStep(decision, node));
  if (!stillOpen) closePhase(decision, phase, 'failed');
  else if (breach !== undefined) stopAll(decision, breach);
  else stopWaits(decision, `${failed[0]?.path ?? phase.id} failed`);
}

/** Steps of the phase itself; what they own is part of their status. */
function isTop(node: PlanNode): boolean {
  return node.role === 'step';
}

function startReady(decision: Decision, body: readonly PlanNode[]): void {
  for (const node of body) {
    if (isReady(decision, node)) advance(decision, node, 'run');
  }
}

/** Its turn has come and it is not over. */
function isReady(decision: Decision, node: PlanNode): boolean {
  const own = ownStatus(decision, node);
  if (own === 'open') return true;
  if (own === 'done' || (own === 'failed' && !hasPersonToAsk(decision, node))) return false;
  if (own === 'todo' && tasksOf(decision, node).some(hasStarted)) return true;
  return node.needs.every((need) => isDone(decision, need)) && ownerAllows(decision, node);
}

function hasPersonToAsk(decision: Decision, node: PlanNode): boolean {
  return tasksOf(decision, node).some(({ path }) => decision.data.attention.has(path));
}

function ownerAllows(decision: Decision, node: PlanNode): boolean {
  const owner = node.owner === undefined ? undefined : decision.graph.nodes[node.owner];
  if (!owner) return node.role === 'step';
  switch (node.role) {
    case 'case':
      return ownStatus(decision, owner) === 'done' && !isSkipped(decision, owner) && children(decision, owner, 'case').includes(node);
    case 'rescue':
      return ownStatus(decision, owner) === 'failed';
    case 'finally':
      return closesStep(decision, node);
    case 'step':
      return true;
    case 'compensate':
    case 'rollback':
      return false;
    default:
      return unreachable(node.role);
  }
}

/** Is this the `finally` of a step that has begun and is over? */
function closesStep(decision: Decision, node: PlanNode): boolean {
  if (node.role !== 'finally' || ownStatus(decision, node) === 'done' || ownStatus(decision, node) === 'failed') return false;
  const owner = node.owner === undefined ? undefined : decision.graph.nodes[node.owner];
  if (!owner || isSkipped(decision, owner)) return false;
  const core = coreStatus(decision, owner);
  return (core === 'done' || core === 'failed') && node.needs.every((need) => isDone(decision, need));
}

function isOpen(decision: Decision, node: PlanNode): boolean {
  return tasksOf(decision, node).some(({ state }) => state === 'running' || state === 'waiting' || state === 'inDoubt');
}

/** A step whose failure ends its phase: nothing rescued it and nobody tolerates it. */
function isFatal(decision: Decision, node: PlanNode): boolean {
  if (node.role === 'rescue' || node.role === 'case' || node.role === 'finally') return false; // part of their owner's status
  return coreStatus(decision, node) === 'failed' && node.onFailure !== 'continue';
}

function phaseBreach({ data, graph, now }: Decision, phase: PlanPhase): string | undefined {
  const watched = phase.watch.find(({ path }) => data.breachedWatch.has(path));
  if (watched) return `${watched.path}: ${data.breachedWatch.get(watched.path) ?? ''}`;
  const sla = graph.sla.find(({ id, behavior }) => behavior === 'fail' && data.breachedSla.has(id));
  if (sla) return `${sla.id} was not kept`;
  const began = data.phases.get(phase.id)?.startedAt;
  return phase.timeoutMs !== undefined && began !== undefined && now >= began + phase.timeoutMs
    ? `phase ${phase.id} took longer than its time limit`
    : undefined;
}

/** Abort what is under way and end what waits. */
export function stopAll(decision: Decision, reason: string): void {
  stopWaits(decision, reason);
  for (const task of forwardTasks(decision)) {
    if (task.state === 'running' && !isControl(decision, task)) decision.actions.push({ type: 'cancel', path: task.path, attempt: task.attempt, reason });
  }
}

/** End what only waits: nothing is lost by that. */
function stopWaits(decision: Decision, reason: string): void {
  for (const task of forwardTasks(decision)) {
    if (task.state !== 'waiting' && !(task.state === 'running' && isControl(decision, task))) continue;
    const durationMs = Math.max(0, decision.now - (task.attemptAt ?? decision.now));
    const error = { code: 'CANCELLED', message: reason, retry: 'never' } as const;
    record(decision, { type: 'stepFinished', path: task.path, attempt: task.attempt, durationMs, result: { state: 'cancelled', error } });
  }
}

function forwardTasks({ data, graph }: Decision): readonly Task[] {
  return [...data.tasks.values()].filter((task) => {
    const role = graph.nodes[task.node]?.role;
    return role === 'step' || role === 'case' || role === 'rescue';
  });
}

function isControl({ graph, kindOf }: Decision, task: Task): boolean {
  return kindOf(graph.nodes[task.node]?.uses ?? '')?.target === 'control';
}

function watch(decision: Decision, phase: PlanPhase): void {
  for (const one of phase.watch) {
    const input = evaluated(decision, one.with, { node: phase.id });
    decision.actions.push({ type: 'watch', watch: one, with: isObject(input) ? input : {} });
  }
}

function phaseTimeout({ data, now, actions }: Decision, phase: PlanPhase): void {
  const began = data.phases.get(phase.id)?.startedAt ?? now;
  if (phase.timeoutMs !== undefined) actions.push({ type: 'timer', timer: `phase ${phase.id}`, at: began + phase.timeoutMs });
}

function closePhase(decision: Decision, phase: PlanPhase, state: 'succeeded' | 'failed'): void {
  if (!finishFinally(decision, phase.id)) return;
  const isSpoilt = failedFinally(decision, phase.id) !== undefined;
  record(decision, { type: 'phaseFinished', phase: phase.id, state: isSpoilt ? 'failed' : state });
}

/** A `finally` of the phase that failed, and that nobody tolerates. */
function failedFinally(decision: Decision, phase: string): PlanNode | undefined {
  return (decision.index.owned.get(phase) ?? []).find((node) => node.role === 'finally' && statusOf(decision, node) === 'failed');
}

/** Run the `finally` nodes of a phase. @returns whether all are over. */
export function finishFinally(decision: Decision, phase: string): boolean {
  const nodes = (decision.index.owned.get(phase) ?? []).filter(({ role }) => role === 'finally');
  const isOver = (node: PlanNode): boolean => ['done', 'failed'].includes(statusOf(decision, node));
  for (const node of nodes) {
    if (!isOver(node) && node.needs.every((need) => !decision.graph.nodes[need] || isOver(decision.graph.nodes[need]))) advance(decision, node, 'cleanup');
  }
  return nodes.every(isOver);
}

function failRun(decision: Decision, phase: PlanPhase): void {
  const { data } = decision;
  const node = (decision.index.body.get(phase.id) ?? []).find((one) => isFatal(decision, one)) ?? failedFinally(decision, phase.id);
  const task = node && tasksOf(decision, node).find(({ state }) => state === 'failed' || state === 'timedOut' || state === 'cancelled');
  const reason = task ? `${task.path}: ${task.error?.message ?? task.state}` : (phaseBreach(decision, phase) ?? `phase ${phase.id} failed`);
  if (rollBackOn(decision, triggerOf(node, task?.error?.code), { reason, always: node?.onFailure === 'rollback' })) return;
  const late = data.pastNoReturn ? '; the point of no return was passed, so nothing was undone' : '';
  record(decision, { type: 'runFinished', state: 'failed', outputs: {}, reason: reason + late });
}

function triggerOf(node: PlanNode | undefined, code: string | undefined): RollbackTrigger {
  if (code === 'APPROVAL_DENIED' || code === 'APPROVAL_TIMEOUT') return 'approvalDenied';
  return node?.trigger ?? 'healthFailed';
}
