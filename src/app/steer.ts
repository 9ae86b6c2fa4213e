import { EXIT, type Json, randomText, SlipwayError } from '../core/index.ts';
import {
  gateOf,
  hasStarted,
  isTerminal,
  refuseNoReturn,
  refuseRequest,
  refuseReserved,
  type RequestBody,
  type RunData,
  stateOf,
  type Task,
} from '../engine/index.ts';
import type { RunRow } from '../journal/index.ts';
import { derivedRunId } from './call.ts';
import { createdOf, drive } from './drive.ts';
import { startFollowUp } from './follow-up.ts';
import { isRemote, remoteOf, remoteRun } from './remote.ts';
import type { RunHandle, Session } from './types.ts';
import type { RunJournal, Wiring } from './wiring.ts';

/** Requests of people to a run, whoever drives it: each is an event in its journal. */

/** @throws {SlipwayError} `RUN_NOT_FOUND`, `NO_GATE`, `NOT_ELIGIBLE`. */
export async function vote(
  session: Session,
  wiring: Wiring,
  { runId, path, decision, reason }: { readonly runId: string; readonly path?: string; readonly decision: 'approve' | 'reject'; readonly reason?: string },
): Promise<{ readonly path: string }> {
  const data = await stateOfRun(await wiring.journal(), runId);
  const task = gateOf(data, path);
  const body: RequestBody = {
    ...{ type: 'voteCast', id: randomText(16), path: task.path, voter: session.actor, teams: session.teams, decision },
    planDigest: data.created?.planDigest ?? 'sha256:none',
    ...(reason === undefined ? {} : { reason }),
  };
  refuseRequest(data, body);
  await ask(wiring, runId, body);
  return { path: task.path };
}

/** Ask a run for something: by its journal, or by the engine that drives it. @throws {SlipwayError} `RUN_NOT_FOUND`, `RUN_OVER`, and what the engine says. */
export async function ask(wiring: Wiring, runId: string, body: RequestBody): Promise<void> {
  const journal = await wiring.journal();
  const row = await journal.run(runId);
  if (!row) await createdOf(journal, runId);
  else if (isTerminal(row.state))
    throw new SlipwayError('RUN_OVER', `${runId} is over: ${row.state}`, { exitCode: EXIT.error, hint: `see "slipway status ${runId}"` });
  const engine = await remoteOf(wiring, row);
  await (engine ? engine.ask(runId, body) : journal.post(runId, body, body.id));
}

export async function requestPause(session: Session, wiring: Wiring, { runId, reason }: Asked): Promise<void> {
  await ask(wiring, runId, { type: 'pauseRequested', id: randomText(16), by: session.actor, ...(reason === undefined ? {} : { reason }) });
}

interface Asked {
  readonly runId: string;
  readonly reason?: string | undefined;
}

/** @returns the run when nobody drove it: then the request would wait for ever, and this process drives it to its end. */
export async function requestCancel(session: Session, wiring: Wiring, { runId, reason }: Asked): Promise<RunHandle | undefined> {
  await ask(wiring, runId, { type: 'cancelRequested', id: randomText(16), by: session.actor, ...(reason === undefined ? {} : { reason }) });
  return (await isDriven(wiring, runId)) ? undefined : drive(session, wiring, runId);
}

/** Does a live process hold the lease of this run, or an engine that needs none of ours? */
export async function isDriven(wiring: Wiring, runId: string): Promise<boolean> {
  const row = await (await wiring.journal()).run(runId);
  if (row && isRemote(row)) return true;
  const lease = row?.lease;
  return lease !== undefined && lease.expiresAt > wiring.clock.now() && !wiring.isDead(lease.owner);
}

/** Continue a run whose process died, or that was paused. @throws {SlipwayError} `RUN_NOT_FOUND`, `RUN_OVER`, `LOCKED`. */
export async function resume(session: Session, wiring: Wiring, runId: string): Promise<RunHandle> {
  const journal = await wiring.journal();
  const data = await stateOfRun(journal, runId);
  if (data.finished)
    throw new SlipwayError('RUN_OVER', `${runId} is over: ${data.finished.state}`, { hint: `see "slipway status ${runId}"; start again with "slipway apply"` });
  const engine = await remoteOf(wiring, await journal.run(runId));
  await engine?.start(await remoteRun(journal, runId)); // it may have been ended from outside, and can be asked only when it goes on
  if (data.paused) await ask(wiring, runId, { type: 'resumeRequested', id: randomText(16), by: session.actor });
  return drive(session, wiring, runId);
}

/** Drive a run as it stands, if it goes on and no live process drives it. @throws {SlipwayError} `RUN_NOT_FOUND`. */
export async function takeUp(session: Session, wiring: Wiring, runId: string): Promise<RunHandle | undefined> {
  const data = await stateOfRun(await wiring.journal(), runId);
  return data.finished || (await isDriven(wiring, runId)) ? undefined : drive(session, wiring, runId);
}

/** @throws {SlipwayError} `RUN_NOT_FOUND`, `PAST_NO_RETURN`, `NOTHING_TO_UNDO`, `BEING_UNDONE`. */
export async function rollBack(
  session: Session,
  wiring: Wiring,
  { runId, reason, force }: { readonly runId: string; readonly reason: string; readonly force: boolean },
): Promise<RunHandle | { readonly requested: true; readonly runId: string }> {
  const journal = await wiring.journal();
  const data = await stateOfRun(journal, runId);
  const body: RequestBody = { type: 'rollbackRequested', id: randomText(16), trigger: 'manual', by: session.actor, reason, force };
  refuseNoReturn(data, body);
  if (data.finished) return undoFinished(session, wiring, { data, reason });
  await ask(wiring, runId, body);
  return (await isDriven(wiring, runId)) ? { requested: true, runId } : drive(session, wiring, runId);
}

async function undoFinished(session: Session, wiring: Wiring, { data, reason }: { readonly data: RunData; readonly reason: string }): Promise<RunHandle> {
  const journal = await wiring.journal();
  const { created, finished, runId: undone } = data;
  if (!created || finished?.state === 'rolledBack')
    throw new SlipwayError('NOTHING_TO_UNDO', `${undone} is ${finished?.state ?? 'unknown'}; there is nothing to undo`, { hint: 'see "slipway runs"' });
  await refuseInherited(journal, undone);
  const attempt = await nextUndo(journal, undone);
  const { overrides: _theirs, ...same } = created;
  const started = [...data.tasks.values()].filter((task) => hasStarted(task) && isForward(data, task)).map(({ path, outputs }) => ({ path, outputs }));
  const runId = derivedRunId(undone, `rollback ${attempt}`);
  const rollbackOf = { runId: undone, reason, started, items: Object.fromEntries(data.items) };
  return startFollowUp(session, wiring, { runId, of: data, as: 'rollbackOf', created: { ...same, rollbackOf } });
}

/** A retry did more than this run knows of: it is undone first, and knows how to undo both. */
async function refuseInherited(journal: RunJournal, undone: string): Promise<void> {
  const heir = await journal.run(derivedRunId(undone, 'retry'));
  if (!heir) return;
  throw new SlipwayError('RETRIED', `${undone} was taken over by ${heir.id}: ${heir.state}`, {
    exitCode: EXIT.locked,
    hint: `undo that one, which undoes both: slipway rollback ${heir.id}`,
  });
}

/**
 * Which rollback of a finished run this is: its id follows from that, so that two people who ask at once start one.
 *
 * @throws {SlipwayError} `BEING_UNDONE`, `NOTHING_TO_UNDO`.
 */
async function nextUndo(journal: RunJournal, undone: string): Promise<number> {
  for (let attempt = 1; ; attempt++) {
    const earlier = await journal.run(derivedRunId(undone, `rollback ${attempt}`));
    if (!earlier) return attempt;
    const { id, state } = earlier;
    if (state === 'rolledBack') throw new SlipwayError('NOTHING_TO_UNDO', `${id} has undone ${undone}`, { hint: `see "slipway status ${id}"` });
    if (!isTerminal(state))
      throw new SlipwayError('BEING_UNDONE', `${id} is undoing ${undone} already: ${state}`, {
        exitCode: EXIT.locked,
        hint: `see "slipway status ${id}"; "slipway resume ${id}" goes on with it when its process died`,
      });
  }
}

/** Runs that undo a finished run, the first attempt first. */
export async function undosOf(journal: RunJournal, undone: string): Promise<readonly RunRow[]> {
  const rows: RunRow[] = [];
  for (;;) {
    const row = await journal.run(derivedRunId(undone, `rollback ${rows.length + 1}`));
    if (!row) return rows;
    rows.push(row);
  }
}

function isForward({ created }: RunData, { node }: Task): boolean {
  const role = created?.graph.nodes[node]?.role;
  return role === 'step' || role === 'case' || role === 'rescue';
}

/** @throws {SlipwayError} `UNKNOWN_TASK`, `NOT_IN_ATTENTION`. */
export async function resolveTask(
  session: Session,
  wiring: Wiring,
  { runId, path, as, hosts }: { readonly runId: string; readonly path: string; readonly as: 'retry' | 'done' | 'failed'; readonly hosts?: readonly string[] },
): Promise<void> {
  const body: RequestBody = { type: 'taskResolved', id: randomText(16), path, by: session.actor, as, ...(hosts ? { hosts } : {}) };
  refuseRequest(await stateOfRun(await wiring.journal(), runId), body);
  await ask(wiring, runId, body);
}

export async function sendSignal(
  session: Session,
  wiring: Wiring,
  { runId, name, payload }: { readonly runId: string; readonly name: string; readonly payload: Json },
): Promise<void> {
  refuseReservedDeep(payload);
  await ask(wiring, runId, { type: 'signalReceived', id: randomText(16), name, by: session.actor, payload });
}

function refuseReservedDeep(value: Json): void {
  if (value === null || typeof value !== 'object') return;
  refuseReserved(value);
  for (const child of Object.values(value)) refuseReservedDeep(child);
}

/** The state of a run that exists. @throws {SlipwayError} `RUN_NOT_FOUND`. */
export async function stateOfRun(journal: RunJournal, runId: string): Promise<RunData> {
  await createdOf(journal, runId);
  return stateOf(await journal.read(runId));
}
