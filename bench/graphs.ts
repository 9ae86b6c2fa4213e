import type { PlanGraph, PlanNode } from '../src/plan/index.ts';

/** A graph of steps that do nothing. */
export function benchGraph(nodes: readonly PlanNode[]): PlanGraph {
  const paths = nodes.map(({ path }) => path);
  return {
    ...{ runbook: 'bench', metadata: {}, hosts: {}, sla: [], environment: {}, outputs: {}, calls: {} },
    phases: [{ id: 'p', type: 'custom', onOverrun: 'finish', watch: [], nodes: paths, waves: [paths] }],
    nodes: Object.fromEntries(nodes.map((node) => [node.path, node])),
    rollback: { on: [], budgetMs: 60_000, git: 'none' },
  };
}

export function benchNode(n: number, rest: Partial<PlanNode> = {}): PlanNode {
  const path = `p/s${n}`;
  return {
    ...{ path, phase: 'p', id: `s${n}`, label: path, uses: 'notify', role: 'step', with: {}, failFast: true, timeoutMs: 60_000, needs: [] },
    retry: { attempts: 1, initialMs: 1, factor: 1, maxMs: 1, jitter: 'none', except: [] },
    ...{ onFailure: 'fail', idempotency: 'safe', mutates: false, trigger: 'stepFailed', pointOfNoReturn: false, source: { file: 'bench.yaml', line: 1 } },
    ...rest,
  };
}

/** Steps one after the other. */
export function chainOf(steps: number): PlanGraph {
  return benchGraph(Array.from({ length: steps }, (_, n) => benchNode(n, { needs: n > 0 ? [`p/s${n - 1}`] : [] })));
}
