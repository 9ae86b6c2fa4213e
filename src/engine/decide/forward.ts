import { isObject, unreachable } from '../../core/pure.ts';
import { evaluateDeep } from '../../expr/index.ts';
import type { PlanNode, PlanPhase } from '../../plan/index.ts';
import { isUnsettled } from '../evolve/host-ledger.ts';
import { hasStarted, type RunData } from '../state.ts';
import { type Decision, evaluated, isTruthy, scopeOf } from './context.ts';
import { breachOf, endRun, failRun, isFatal, lateRun } from './fail-run.ts';
import { finishFinally, finishSteps, isSpoilt } from './finals.ts';
import { children, coreStatus, isDone, isSkipped, ownStatus, statusOf, tasksOf } from './status.ts';
import { forwardTasks, isUnderWay, stopAll, stopWaits } from './stop.ts';
import { advance, advanceAs, record } from './task.ts';

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
  const late = lateRun(decision);
  if (late) return endRun(decision, late);
  const condition = phase.if === undefined || evaluated(decision, phase.if, { node: phase.id });
  if (!isTruthy(condition)) return record(decision, { type: 'phaseFinished', phase: phase.id, state: 'skipped' });
  // A rehearsal takes every window as open (docs/decisions/0006).
  if (phase.window && decision.data.created?.rehearsal !== true && !isWindowOpen(decision, phase, phase.window)) return;
  record(decision, { type: 'phaseStarted', phase: phase.id });
}

/** Is it the time for a phase? If not, wait for its window, or ask a person when none is left. */
function isWindowOpen({ data, now, actions }: Decision, { id }: PlanPhase, spans: NonNullable<PlanPhase['window']>): boolean {
  if (spans.some(({ from, to }) => from <= now && now < to)) return true;
  const next = Math.min(...spans.map(({ from }) => from).filter((from) => from > now));
  const path = `@window ${id}`;
  if (next !== Infinity) actions.push({ type: 'timer', timer: `window ${id}`, at: next });
  else if (!data.attention.has(path)) {
    const reason = `no change window of phase ${id} opens any more`;
    actions.push({ type: 'record', event: { type: 'attentionRaised', path, reason, hint: 'plan again, or change the calendar' } });
  }
  return false;
}

function runPhase(decision: Decision, phase: PlanPhase): void {
  const body = openNodes(decision, phase);
  const failed = body.find((node) => isFatal(decision, node));
  const breach = breachOf(decision, phase);
  if (breach) stopAll(decision, breach.reason);
  else if (failed) stopWaits(decision, `${failed.path} failed`);
  else return goOn(decision, phase, body);
  // What is under way ends by itself; nothing new starts but the ends of steps that had begun.
  const open = forwardTasks(decision).filter((task) => isUnderWay(decision, task));
  for (const { node: path, path: task } of open) {
    const node = decision.graph.nodes[path];
    if (node && !breach) advanceAs(decision, node, { path: task, scope: 'run' });
  }
  if (open.length > 0 || decision.actions.some(({ type }) => type === 'record')) return;
  if (finishSteps(decision, phase.id)) closePhase(decision, phase, 'failed');
}

/**
 * Nodes of a phase that are not done. Done is for ever, so what was found done is not looked at again: a run of many steps costs by what is left of it.
 * The memory belongs to the state it was read from and changes no decision.
 */
function openNodes(decision: Decision, phase: PlanPhase): readonly PlanNode[] {
  const memory = doneBefore.get(decision.data) ?? new Map<string, readonly PlanNode[]>();
  doneBefore.set(decision.data, memory);
  const before = memory.get(phase.id) ?? decision.index.body.get(phase.id) ?? [];
  const open = before.filter((node) => statusOf(decision, node) !== 'done');
  memory.set(phase.id, open);
  return open;
}
const doneBefore = new WeakMap<RunData, Map<string, readonly PlanNode[]>>();

function goOn(decision: Decision, phase: PlanPhase, body: readonly PlanNode[]): void {
  for (const node of body) if (isReady(decision, node)) advance(decision, node, 'run');
  watch(decision, phase);
  phaseTimeout(decision, phase);
  const isOver = body.every((node) => node.role !== 'step' || statusOf(decision, node) === 'done');
  if (isOver && decision.actions.every(({ type }) => type !== 'record' && type !== 'start')) closePhase(decision, phase, 'succeeded');
}

/** Its turn has come and it is not over. */
function isReady(decision: Decision, node: PlanNode): boolean {
  const own = ownStatus(decision, node);
  if (own === 'done' || own === 'failed') return false;
  if (isBlocked(decision, node)) return false;
  const before = decision.hostFirst ? decision.index.chains.before.get(node.path) : undefined;
  if (own === 'open' || tasksOf(decision, node).some(hasStarted)) return before === undefined || isDone(decision, before) || isPassing(decision, before, node);
  const needs = before !== undefined && isPassing(decision, before, node) ? node.needs.filter((need) => need !== before) : node.needs;
  return needs.every((need) => isDone(decision, need)) && ownerAllows(decision, node);
}

/** Another step of its chain waits for a person: until then no further host comes through, so it need not begin again. */
function isBlocked({ data, hostFirst, index }: Decision, node: PlanNode): boolean {
  const chain = hostFirst ? index.chains.of.get(node.path) : undefined;
  if (!chain || data.tasks.get(node.path)?.state !== 'inDoubt' || data.attention.has(node.path)) return false;
  return chain.some((path) => path !== node.path && data.attention.has(path));
}

/** Do hosts come from the step before, so that this one is to take them? One that has begun goes on also while none comes. */
function isPassing({ data }: Decision, before: string, node: PlanNode): boolean {
  const state = data.tasks.get(before)?.state;
  const isOpen = state === 'running' || state === 'retrying';
  const task = data.tasks.get(node.path);
  if (!isOpen) return task?.state === 'running';
  if (task && hasStarted(task)) return true;
  return Object.values(data.tasks.get(before)?.hosts ?? {}).some((result) => result !== 'inDoubt' && !isUnsettled(result));
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
      return isSettledOwner(decision, owner);
    case 'step':
      return true;
    case 'compensate':
    case 'rollback':
      return false;
    default:
      return unreachable(node.role);
  }
}

/** A step that has begun and is over, so that its `finally` may run. */
function isSettledOwner(decision: Decision, owner: PlanNode): boolean {
  const core = coreStatus(decision, owner);
  return (core === 'done' || core === 'failed') && !isSkipped(decision, owner);
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
  record(decision, { type: 'phaseFinished', phase: phase.id, state: isSpoilt(decision, phase.id) ? 'failed' : state });
}
