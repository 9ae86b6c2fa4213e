import fc from 'fast-check';
import type { PlanGraph, PlanNode } from '../../src/plan/index.ts';
import { graphOf, hostRule, node } from '../engine/support.ts';

const bool = (percent: number) => fc.nat(99).map((roll) => roll < percent);
const shape = fc.record({
  needs: fc.array(fc.nat(3), { maxLength: 2 }),
  what: fc.constantFrom('work', 'work', 'work', 'items', 'hosts', 'gate', 'signal', 'pause'),
  idempotency: fc.constantFrom('safe', 'keyed', 'probe', 'manual'),
  attempts: fc.integer({ min: 1, max: 3 }),
  onFailure: fc.constantFrom('fail', 'fail', 'continue', 'rollback', 'pause'),
  isUndone: bool(70),
  hasFinal: bool(20),
  hasRescue: bool(20),
  order: fc.constantFrom('early', 'traffic', 'normal'),
});
type Shape = typeof shape extends fc.Arbitrary<infer T> ? T : never;

const graphs: fc.Arbitrary<PlanGraph> = fc
  .record({
    one: fc.array(shape, { minLength: 2, maxLength: 6 }),
    two: fc.array(shape, { maxLength: 4 }),
    isLast: bool(30),
    undoes: bool(70),
    group: fc.nat(29),
  })
  .map(({ one, two, isLast, undoes, group }) => {
    const nodes = [...nodesOf('one', one), ...nodesOf('two', two)];
    if (isLast) nodes.push(node('@rollback/0', { phase: 'one', role: 'rollback' }));
    const on = undoes ? (['stepFailed', 'approvalDenied', 'manual'] as const) : (['manual'] as const);
    return graphOf(nodes, {
      rollback: { on, budgetMs: 60_000, git: 'none' },
      // One in thirty runs stands in line for the others like it.
      ...(group === 0 ? { concurrency: { group: 'chaos', queue: 'fifo', max: 2 } } : {}),
    });
  });

/** The same graphs for the same seed. */
export function graphsOf(seed: number, count: number): readonly PlanGraph[] {
  return count <= 0 ? [] : fc.sample(graphs, { seed, numRuns: count });
}

function nodesOf(phase: string, shapes: readonly Shape[]): readonly PlanNode[] {
  return shapes.flatMap((one, index) => {
    const path = `${phase}/s${index}`;
    const needs = [...new Set(one.needs.filter((need) => need < index).map((need) => `${phase}/s${need}`))];
    const isManual = one.idempotency === 'manual';
    const rest: Partial<PlanNode> = {
      ...{ needs, onFailure: one.onFailure, idempotency: one.idempotency },
      retry: { attempts: isManual ? 1 : one.attempts, initialMs: 20, factor: 2, maxMs: 200, jitter: 'full', except: [] },
    };
    if (one.what === 'gate')
      return [node(path, { ...rest, uses: 'approval', timeoutMs: 0, with: { approvers: ['user:bo', 'team:cab'], required: 2, timeout: '2m' } })];
    if (one.what === 'signal') return [node(path, { ...rest, uses: 'wait.signal', timeoutMs: 0, with: { name: `go-${index}` } })];
    if (one.what === 'pause') return [node(path, { ...rest, uses: 'pause', timeoutMs: 0, with: { duration: '300ms' } })];
    const below = (role: PlanNode['role'], more: Partial<PlanNode> = {}): PlanNode =>
      node(`${path}/${role}/0`, { role, owner: path, idempotency: isManual ? 'safe' : one.idempotency, ...more });
    const kind: Partial<PlanNode> =
      one.what === 'hosts'
        ? { uses: 'test.hosts', hosts: hostRule(['h1', 'h2', 'h3', 'h4'], { serial: [1, { fraction: 1 }], maxFailPercentage: 60 }) }
        : one.what === 'items'
          ? { foreach: [1, 2, 3], maxParallel: 2 }
          : {};
    return [
      node(path, { ...rest, ...kind }),
      ...(one.hasRescue ? [below('rescue')] : []),
      ...(one.hasFinal ? [below('finally')] : []),
      ...(one.isUndone ? [below('compensate', { order: one.order })] : []),
    ];
  });
}
