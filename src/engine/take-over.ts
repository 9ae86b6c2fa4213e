import { kindOf as registered } from '../steps/index.ts';
import type { PlanNode } from '../plan/index.ts';
import { decisionOf, type KindOf } from './decide/context.ts';
import { isControl } from './decide/kind-of.ts';
import { children, statusOf, tasksOf } from './decide/status.ts';
import { isUnsettled } from './evolve/host-ledger.ts';
import type { Retried, TakenTask } from './events.ts';
import { hasStarted, isGood, type RunData, type Task } from './state.ts';

/** Which hosts of a task that did not end well begin anew; undefined leaves that to the task. */
export type HostChoice = (task: Task, node: PlanNode) => readonly string[] | undefined;

type Decision = ReturnType<typeof decisionOf>;

/**
 * What a new run of the same plan takes over from a finished one: steps that are done, with all they own, and of the others what had begun, ready to go
 * on where it stopped. Phases that had not ended well are gone through again.
 */
export function takeOver(data: RunData, choose: HostChoice, kindOf: KindOf = registered): Omit<Retried, 'runId'> {
  const { created } = data;
  if (!created) return { phases: {}, tasks: [], items: {} };
  const decision = decisionOf(data, created.graph, { now: data.at, kindOf, hostFirst: false });
  const phases = Object.fromEntries(
    [...data.phases].flatMap(([id, { state }]) => (state === 'succeeded' || state === 'skipped' ? [[id, state] as const] : [])),
  );
  const nodes = Object.values(created.graph.nodes);
  const tops = nodes.filter(({ role }) => role === 'step');
  // The end of a phase that did not end well comes again when the phase is over.
  const ends = nodes.filter(({ role, owner }) => role === 'finally' && owner !== undefined && owner in phases);
  const tasks = [...tops.flatMap((node) => taken(decision, node, choose)), ...ends.flatMap((node) => whole(decision, node))];
  return { phases, tasks, items: Object.fromEntries(data.items) };
}

function taken(decision: Decision, node: PlanNode, choose: HostChoice): readonly TakenTask[] {
  if (statusOf(decision, node) === 'done') return whole(decision, node);
  const own = tasksOf(decision, node).flatMap((task) => (isGood(task) ? [asItIs(task)] : resumable(decision, node, { task, choose })));
  return [...own, ...children(decision, node, 'case').flatMap((child) => taken(decision, child, choose))];
}

/** A node with everything below it that ran, but for the ways back. */
function whole(decision: Decision, node: PlanNode): readonly TakenTask[] {
  const below = (decision.index.owned.get(node.path) ?? []).filter(({ role }) => role !== 'compensate');
  return [...tasksOf(decision, node).map(asItIs), ...below.flatMap((child) => whole(decision, child))];
}

/** A task that had begun goes on with its ledger. What only waited begins again. */
function resumable(decision: Decision, node: PlanNode, { task, choose }: { readonly task: Task; readonly choose: HostChoice }): readonly TakenTask[] {
  if (!hasStarted(task) || isControl(decision, task)) return [];
  if (!node.hosts) return [{ ...asItIs(task), state: mayBegin(task, node) ? 'ready' : 'inDoubt' }];
  const only = choose(task, node);
  const begins = (host: string, result: Task['hosts'][string]): boolean => (only ? only.includes(host) : isUnsettled(result) && mayRepeat(result, node));
  const hosts = Object.fromEntries(Object.entries(task.hosts).filter(([host, result]) => !begins(host, result)));
  return [{ ...asItIs({ ...task, hosts }), state: 'ready', ...(only ? { only } : {}) }];
}

/** Nobody saw its end, and repeating it may do harm: the new run asks a person, as the old one would have. */
function mayBegin({ state }: Task, { idempotency }: PlanNode): boolean {
  return state !== 'inDoubt' || idempotency === 'safe' || idempotency === 'keyed';
}

function mayRepeat(result: Task['hosts'][string], { idempotency }: PlanNode): boolean {
  return (result !== 'inDoubt' && result.inDoubt !== true) || idempotency === 'safe' || idempotency === 'keyed';
}

function asItIs({ path, state, attempt, with: input, outputs, summary, error, hosts }: Task): TakenTask {
  const { hosts: _inLedger, ...rest } = outputs;
  const hasLedger = Object.keys(hosts).length > 0;
  return {
    ...{ path, state, attempt, with: input, outputs: hasLedger ? rest : outputs },
    ...(summary === undefined ? {} : { summary }),
    ...(error === undefined ? {} : { error }),
    ...(hasLedger ? { hosts: { ...hosts } } : {}),
  };
}
