import { isTerminal, parseTaskPath, type RunData, stateOf, type Task } from '../../../engine/index.ts';
import { SlipwayError } from '../../../core/index.ts';
import type { PlanNode } from '../../../plan/index.ts';
import { kindOf } from '../../../steps/index.ts';
import type { RunJournal } from '../../wiring.ts';

/** Something that the last run left in a state that is known: a stack, or what a step did on hosts. */
export interface Left {
  readonly task: Task;
  readonly node: PlanNode;
}
/** The run that says how things should be; or why no run does. */
export type Baseline = { readonly runId: string; readonly data: RunData; readonly left: readonly Left[] } | { readonly why: string };

/**
 * What the newest run of a runbook that changed something has left there.
 *
 * @throws {SlipwayError} `ALREADY_RUNNING` while a run of it goes on: things are on their way.
 */
export async function baselineOf(journal: RunJournal, runbook: string, repository?: string): Promise<Baseline> {
  const rows = (await journal.runs({ runbook })).filter(({ rehearsal, labels }) => !rehearsal && (labels['repository'] ?? undefined) === repository);
  const open = rows.find(({ state }) => !isTerminal(state));
  if (open) throw new SlipwayError('ALREADY_RUNNING', `${open.id} of ${runbook} goes on (${open.state})`, { retry: 'afterBackoff' });
  for (const { id, state } of rows) {
    const data = stateOf(await journal.read(id));
    const left = leftBy(data);
    // One that was refused before it did anything says nothing of what is there.
    if (left.length === 0 && !data.created?.rollbackOf && data.rollback === undefined) continue;
    if (state !== 'succeeded') return { why: `the last run, ${id}, is ${state}` };
    return data.created?.rollbackOf ? { why: `${id} has undone the run before` } : { runId: id, data, left };
  }
  return { why: 'no run has changed anything yet' };
}

/** Of every stack the last operation; of every machine what the steps did there. */
function leftBy({ created, tasks }: RunData): readonly Left[] {
  const graph = created?.graph;
  if (!graph) return [];
  const done = [...tasks.values()].filter(({ state }) => state === 'ok' || state === 'changed').sort((a, b) => (a.finishedAt ?? 0) - (b.finishedAt ?? 0));
  const left = new Map<string, Left>();
  for (const task of done) {
    const node = graph.nodes[parseTaskPath(task.path).node];
    const kind = node && kindOf(node.uses);
    if (!node || kind?.mutates !== true || (kind.target !== 'stack' && kind.target !== 'hosts')) continue;
    left.set(placeOf(node, task), { task, node });
  }
  return [...left.values()].filter(({ node }) => node.uses !== 'pulumi.destroy');
}

/** What a later step may have changed again: only the last one says how it should be. */
function placeOf({ path, hosts }: PlanNode, task: Task): string {
  const { stack, dest } = task.with;
  if (typeof stack === 'string') return `stack ${stack}`;
  return typeof dest === 'string' ? `file ${dest} on ${(hosts?.names ?? []).join(',')}` : `task ${path} ${task.path}`;
}
