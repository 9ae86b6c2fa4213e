import { isTerminal } from '../../engine/index.ts';
import type { RunRow } from '../../journal/index.ts';
import { pins, unpin } from '../pins.ts';
import { undosOf } from '../steer.ts';
import { letGo } from './hold.ts';
import type { OpenedPull } from './opened.ts';
import { amendRecord, type PullRun } from './record.ts';
import { revertedBy, takeBack } from './revert.ts';
import type { PullsOptions } from './types.ts';

/** What follows from runs that are over, and from a pull request that is: each is done once, and looked for first. */
export async function settleRuns(options: PullsOptions, opened: OpenedPull): Promise<void> {
  const { store } = options;
  const { pull, served, record, ref } = opened;
  if (pull.state === 'merged') for (const { repository, runbook } of revertedBy(await pins(store, served.name), pull)) await unpin(store, repository, runbook);
  const isOver: boolean[] = [];
  for (const run of record.runs) {
    const rows = await rowsOf(options, run);
    const undone = rows.find(({ state }) => state === 'rolledBack');
    // An intent without a run is as good as none: whoever wrote it died before it began, and says so again.
    isOver.push(rows.every(({ state }) => isTerminal(state)) && (undone !== undefined || rows.length === 0 || pull.state !== 'open' || !run.early));
    if (undone && pull.state === 'merged' && run.takenBack !== true && isGitTrue(opened, run)) await revert(options, opened, { run, undone });
  }
  if (isOver.every(Boolean)) await letGo(store, ref);
}

async function rowsOf({ wiring }: PullsOptions, { id }: PullRun): Promise<readonly RunRow[]> {
  const journal = await wiring.journal();
  const row = await journal.run(id);
  return row ? [row, ...(await undosOf(journal, id))] : [];
}

/** A runbook may say that Git stays as it is when it is rolled back; the default branch is asked. */
function isGitTrue({ head: { estate } }: OpenedPull, { runbook }: PullRun): boolean {
  const git = estate.ok ? estate.value.repository.runbooks.get(runbook)?.runbook.rollback?.git : undefined;
  return git !== 'none';
}

async function revert(options: PullsOptions, opened: OpenedPull, { run, undone }: { readonly run: PullRun; readonly undone: RunRow }): Promise<void> {
  await takeBack(options, { opened, runbook: run.runbook, run: run.id, at: undone.updatedAt });
  await amendRecord(options.store, opened.ref, (before) => ({
    ...before,
    runs: before.runs.map((each) => (each.id === run.id ? { ...each, takenBack: true } : each)),
  }));
}
