/** Write the journal of a run of many steps: write.ts <state folder> <run> <steps>. */
import { systemClock } from '../../src/core/index.ts';
import type { EventBody } from '../../src/engine/index.ts';
import { openJournal } from '../../src/journal/index.ts';
import type { PlanGraph, PlanNode } from '../../src/plan/index.ts';

const [dir = '', runId = '', steps = ''] = process.argv.slice(2);
const paths = Array.from({ length: Number(steps) }, (_, n) => `p/s${n}`);
const nodes = paths.map((path, n): PlanNode => {
  return {
    ...{ path, phase: 'p', id: `s${n}`, label: path, uses: 'notify', role: 'step', with: {}, failFast: true, timeoutMs: 60_000, needs: [] },
    retry: { attempts: 1, initialMs: 1, factor: 1, maxMs: 1, jitter: 'none', except: [] },
    ...{ onFailure: 'fail', idempotency: 'safe', mutates: false, trigger: 'stepFailed', pointOfNoReturn: false, source: { file: 'bench.yaml', line: 1 } },
  };
});
const graph: PlanGraph = {
  ...{ runbook: 'bench', metadata: {}, hosts: {}, sla: [], environment: {}, outputs: {}, calls: {} },
  phases: [{ id: 'p', type: 'custom', onOverrun: 'finish', watch: [], nodes: paths, waves: [paths] }],
  nodes: Object.fromEntries(nodes.map((node) => [node.path, node])),
  rollback: { on: [], budgetMs: 60_000, git: 'none' },
};
await using journal = openJournal<EventBody>({ dir, clock: systemClock });
const created = { planDigest: 'sha256:bench', inputs: {}, actor: 'user:bench', rehearsal: false, checkout: '/', authors: [] } as const;
await journal.create(
  { id: runId, runbook: 'bench', planDigest: 'sha256:bench', createdAt: 1, rehearsal: false, labels: {} },
  { type: 'runCreated', graph, ...created },
);
const lease = await journal.acquire(runId, 'bench:1', 600_000);
if ('heldBy' in lease) throw new Error('held');
await journal.append(runId, [{ type: 'runStarted' }, { type: 'phaseStarted', phase: 'p' }], lease);
for (let from = 0; from < paths.length; from += 500) {
  const bodies = paths.slice(from, from + 500).flatMap((path): readonly EventBody[] => [
    { type: 'stepStarted', path, attempt: 1, key: `${runId}:${path}`, with: { message: `step ${path}` } },
    { type: 'stepFinished', path, attempt: 1, durationMs: 1, result: { state: 'changed', outputs: { url: `https://host/${path}` }, summary: 'done' } },
  ]);
  await journal.append(runId, bodies, lease);
}
