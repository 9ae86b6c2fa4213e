import { isObject, type Json, type JsonObject } from '../../core/index.ts';
import { forwardOrder, ownedBy } from '../order.ts';
import type { PolicyCompensation, PolicyHostRule, PolicyStep } from './document.ts';
import type { HostCount, HostRule, PlanGraph, PlanNode } from '../types.ts';

/** Fills in what is known of a value in the scope of an environment. */
export type Fill = (environment: string | undefined, value: Json) => { readonly value: Json; readonly known: boolean };

/** Every node in run order: nested ones after their owner, compensations included, `rollback.steps` last. */
export function policyStepsOf(graph: PlanGraph, fill: Fill): readonly PolicyStep[] {
  const owned = ownedBy(graph);
  const phaseOf = new Map(graph.phases.map((phase) => [phase.id, phase]));
  const withInner = (node: PlanNode): readonly PlanNode[] => [
    node,
    ...owned(node.path)
      .filter(({ role }) => role === 'compensate')
      .flatMap(withAll),
  ];
  const withAll = (node: PlanNode): readonly PlanNode[] => [node, ...owned(node.path).flatMap(withAll)];
  const forward = graph.phases.flatMap((phase) => inFileOrder(graph, forwardOrder(graph, phase)).flatMap(withInner));
  const last = Object.values(graph.nodes).filter(({ role }) => role === 'rollback');
  return [...forward, ...last.flatMap(withAll)].map((node) => {
    const phase = phaseOf.get(node.phase);
    const environment = phase?.environment;
    return stepOf(node, {
      compensations: owned(node.path).filter(({ role }) => role === 'compensate'),
      shared: node.undoneBy === undefined ? undefined : graph.nodes[node.undoneBy],
      rescues: owned(node.path).filter(({ role }) => role === 'rescue').length,
      phaseType: phase?.type ?? 'custom',
      environment,
      production: isProduction(graph, environment),
      fill,
    });
  });
}

export function isProduction(graph: PlanGraph, environment: string | undefined): boolean {
  const found = environment === undefined ? undefined : graph.environment[environment];
  return found !== undefined && isObject(found) && found['production'] === true;
}

interface StepContext extends Pick<PolicyStep, 'phaseType' | 'production' | 'rescues'> {
  readonly environment: string | undefined;
  readonly compensations: readonly PlanNode[];
  readonly shared: PlanNode | undefined;
  readonly fill: Fill;
}

function stepOf(node: PlanNode, context: StepContext): PolicyStep {
  const { environment, fill } = context;
  const settings = fill(environment, node.with);
  const { path, phase, id, label, uses, role, needs, mutates, idempotency, onFailure, trigger, pointOfNoReturn, source } = node;
  const undo = context.shared ? [...context.compensations, context.shared] : context.compensations;
  return {
    path,
    phase,
    phaseType: context.phaseType,
    ...(environment === undefined ? {} : { environment }),
    production: context.production,
    ...{ id, label, uses, role },
    ...(node.owner === undefined ? {} : { owner: node.owner }),
    needs,
    with: objectOf(settings.value),
    known: settings.known,
    ...(node.if === undefined ? {} : { if: node.if }),
    ...(node.foreach === undefined ? {} : { foreach: node.foreach }),
    ...{ mutates, idempotency, onFailure, trigger },
    attempts: node.retry.attempts,
    timeoutSeconds: node.timeoutMs / 1_000,
    pointOfNoReturn,
    ...(node.hosts ? { hosts: hostRuleOf(node.hosts) } : {}),
    compensations: undo.map((each) => compensationOf(each, (value) => fill(environment, value).value)),
    rescues: context.rescues,
    source,
  };
}

function compensationOf({ path, uses, with: settings, order, implied }: PlanNode, fill: (value: Json) => Json): PolicyCompensation {
  return { path, uses, with: objectOf(fill(settings)), order: order ?? 'normal', implied: implied === true };
}

function hostRuleOf(rule: HostRule): PolicyHostRule {
  const { pattern, names, serial, strategy, maxFailPercentage, anyErrorsFatal, runOnce, become } = rule;
  const { user, method } = become ?? {};
  return {
    ...{ pattern, names, count: names.length, serial, largestBatch: largestBatchOf(rule), strategy },
    ...(maxFailPercentage === undefined ? {} : { maxFailPercentage }),
    anyErrorsFatal,
    runOnce,
    ...(become ? { become: { ...(typeof user === 'string' ? { user } : {}), ...(typeof method === 'string' ? { method } : {}) } } : {}),
    guarded: rule.creates !== undefined || rule.unless !== undefined,
    ...(rule.unless === undefined ? {} : { unless: rule.unless }),
  };
}

/** The last size of `serial` repeats until all hosts are done. */
function largestBatchOf({ names, serial, runOnce }: HostRule): number {
  if (runOnce) return Math.min(1, names.length);
  let [largest, done] = [0, 0];
  for (let batch = 0; done < names.length; batch++) {
    const size = Math.min(countOf(serial[Math.min(batch, serial.length - 1)] ?? { fraction: 1 }, names.length), names.length - done);
    largest = Math.max(largest, size);
    done += size;
  }
  return largest;
}

function countOf(count: HostCount, all: number): number {
  return Math.max(1, typeof count === 'number' ? count : Math.floor(count.fraction * all));
}

/** Run order is by waves; policies and people read in the order of the file. */
function inFileOrder(graph: PlanGraph, nodes: readonly PlanNode[]): readonly PlanNode[] {
  const wanted = new Set(nodes.map(({ path }) => path));
  return Object.values(graph.nodes).filter(({ path }) => wanted.has(path));
}

export function objectOf(value: Json): JsonObject {
  return isObject(value) ? value : {};
}
