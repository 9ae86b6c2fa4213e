import { parseTaskPath } from '../engine/index.ts';
import { type DurationHistory, type ExpectedDuration, expectedDuration, type PlanBundle } from '../plan/index.ts';
import type { RunJournal } from './wiring.ts';

/** More would say little more; how things were long ago says nothing of now. */
const MOST_RUNS = 5;

/** How long a plan should take, from the latest runs of the same runbook of the same sort: a rehearsal says nothing of a real run. */
export async function expectedFromRuns(journal: RunJournal, { body }: PlanBundle): Promise<ExpectedDuration> {
  const { runbook } = body.graph;
  const runs = await journal.runs({ runbook, states: ['succeeded', 'rolledBack', 'failed'], limit: MOST_RUNS * 4 });
  const alike = runs.filter(({ rehearsal }) => rehearsal === body.rehearsal);
  const history: { [path: string]: number[] } = {};
  for (const { id } of alike.slice(0, MOST_RUNS)) {
    for (const [path, ms] of await durationsOf(journal, id)) (history[path] ??= []).push(ms);
  }
  return expectedDuration(body.graph, history satisfies DurationHistory, body.inputs.values);
}

/** Per node, the longest of its items that ended well: items run beside each other. */
async function durationsOf(journal: RunJournal, runId: string): Promise<ReadonlyMap<string, number>> {
  const longest = new Map<string, number>();
  for (const { body } of await journal.read(runId)) {
    if (body.type !== 'stepFinished' || !('outputs' in body.result)) continue;
    const { node } = parseTaskPath(body.path);
    longest.set(node, Math.max(longest.get(node) ?? 0, body.durationMs));
  }
  return longest;
}
