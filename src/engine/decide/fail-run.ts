import type { PlanNode, PlanPhase } from '../../plan/index.ts';
import type { RollbackTrigger } from '../../runbook/index.ts';
import type { Task } from '../state.ts';
import type { Decision } from './context.ts';
import { finalsOf } from './finals.ts';
import { rollBackOn } from './limits.ts';
import { coreStatus, isTouched, statusOf, tasksOf } from './status.ts';
import { record } from './task.ts';

/** Why a phase, or the run, cannot go on. */
export interface Failure {
  readonly reason: string;
  readonly trigger: RollbackTrigger;
  /** Roll back whatever `rollback.on` says. */
  readonly always?: boolean;
}
interface Culprit {
  readonly node: PlanNode;
  readonly task: Task;
}

/** A phase that failed ends the run: by a rollback when the runbook wants one, else as failed. */
export function failRun(decision: Decision, phase: PlanPhase): void {
  endRun(decision, failureOf(decision, phase));
}

export function endRun(decision: Decision, failure: Failure): void {
  if (rollBackOn(decision, failure.trigger, failure)) return;
  const late = decision.data.pastNoReturn ? '; the point of no return was passed, so nothing was undone' : '';
  record(decision, { type: 'runFinished', state: 'failed', outputs: {}, reason: failure.reason + late });
}

/** A node whose failure ends its phase: nothing rescued it and nobody tolerates it. */
export function isFatal(decision: Decision, node: PlanNode): boolean {
  if (node.role !== 'step' || !isTouched(decision, node)) return false; // what is nested is part of its owner's status
  return statusOf(decision, node) === 'failed' || (coreStatus(decision, node) === 'failed' && node.onFailure !== 'continue');
}

/** A watch, an agreed duration or the time limit of the phase that was not kept. */
export function breachOf(decision: Decision, phase: PlanPhase): Failure | undefined {
  const { data, now } = decision;
  const watched = phase.watch.find(({ path }) => data.breachedWatch.has(path));
  if (watched) return { reason: `${watched.path}: ${data.breachedWatch.get(watched.path) ?? ''}`, trigger: 'healthFailed' };
  const late = lateRun(decision);
  if (late) return late;
  const { startedAt, finishedAt } = data.phases.get(phase.id) ?? {};
  if (phase.timeoutMs === undefined || startedAt === undefined || (finishedAt ?? now) < startedAt + phase.timeoutMs) return undefined;
  return { reason: `phase ${phase.id} took longer than its time limit`, trigger: 'stepFailed' };
}

/** An agreed duration whose breach fails the run. */
export function lateRun({ data, graph }: Decision): Failure | undefined {
  const sla = graph.sla.find(({ id, behavior }) => behavior === 'fail' && data.breachedSla.has(id));
  return sla && { reason: `${sla.id} was not kept`, trigger: 'slaBreached' };
}

/** The first failure in time that the runbook rolls back on, else the first; what was only stopped because of it comes last. */
function failureOf(decision: Decision, phase: PlanPhase): Failure {
  const tops = (decision.index.body.get(phase.id) ?? []).filter((node) => isFatal(decision, node));
  const all = [...tops, ...finalsOf(decision, phase.id)].flatMap((node) => culpritsIn(decision, node));
  const inTime = all.toSorted((a, b) => (a.task.finishedAt ?? 0) - (b.task.finishedAt ?? 0));
  const own = inTime.filter(({ task }) => task.state !== 'cancelled').map(said);
  const found = own.find(({ always }) => always) ?? own.find(({ trigger }) => decision.graph.rollback.on.includes(trigger)) ?? own[0];
  return found ?? breachOf(decision, phase) ?? inTime.map(said)[0] ?? { reason: `phase ${phase.id} failed`, trigger: 'stepFailed' };
}

/** Failed tasks of a node and of what it owns on the way forward. */
function culpritsIn(decision: Decision, node: PlanNode): readonly Culprit[] {
  const own = tasksOf(decision, node).flatMap((task) => (isBad(task) ? [{ node, task }] : []));
  const below = (decision.index.owned.get(node.path) ?? []).filter(({ role, onFailure }) => role !== 'compensate' && onFailure !== 'continue');
  return [...own, ...below.flatMap((child) => culpritsIn(decision, child))];
}

function isBad({ state }: Task): boolean {
  return state === 'failed' || state === 'timedOut' || state === 'cancelled';
}

function said({ node, task }: Culprit): Failure {
  const { code, message = task.state } = task.error ?? {};
  const isDenied = code === 'APPROVAL_DENIED' || code === 'APPROVAL_TIMEOUT';
  return { reason: `${task.path}: ${message}`, trigger: isDenied ? 'approvalDenied' : node.trigger, always: node.onFailure === 'rollback' };
}
