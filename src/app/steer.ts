import { didYouMean, EXIT, type Json, randomText, SlipwayError } from '../core/index.ts';
import { type EventBody, hasStarted, refuseReserved, isEligible, isTerminal, type RunData, stateOf, type Task } from '../engine/index.ts';
import { derivedRunId } from './call.ts';
import { createdOf, drive } from './drive.ts';
import type { RunHandle, Session } from './types.ts';
import type { RunJournal, Wiring } from './wiring.ts';

/** Requests of people to a run, whoever drives it: each is an event in its journal. */

/** @throws {SlipwayError} `RUN_NOT_FOUND`, `NO_GATE`, `NOT_ELIGIBLE`. */
export async function vote(
  session: Session,
  journal: RunJournal,
  { runId, path, decision, reason }: { readonly runId: string; readonly path?: string; readonly decision: 'approve' | 'reject'; readonly reason?: string },
): Promise<{ readonly path: string }> {
  const data = await stateOfRun(journal, runId);
  const task = gateOf(data, path);
  const body: Extract<EventBody, { type: 'voteCast' }> = {
    type: 'voteCast',
    id: randomText(16),
    path: task.path,
    voter: session.actor,
    teams: session.teams,
    decision,
    planDigest: data.created?.planDigest ?? 'sha256:none',
    ...(reason === undefined ? {} : { reason }),
  };
  if (task.wait?.type === 'gate' && !isEligible(body, task.wait.gate, { created: data.created, planDigest: body.planDigest })) {
    throw new SlipwayError('NOT_ELIGIBLE', `${session.actor} may not decide ${task.path}`, {
      exitCode: EXIT.notAuthorized,
      hint: `it asks ${task.wait.gate.approvers.join(', ')}${task.wait.gate.preventSelfApproval ? ', and not whoever wrote or started the change' : ''}`,
    });
  }
  await journal.post(runId, body, body.id);
  return { path: task.path };
}

function gateOf(data: RunData, path: string | undefined): Task {
  const gates = [...data.tasks.values()].filter(({ state, wait }) => state === 'waiting' && wait?.type === 'gate');
  const [only] = gates;
  const found = path === undefined ? (gates.length === 1 ? only : undefined) : gates.find((task) => task.path === path || task.path === `${path}/@approval`);
  if (found) return found;
  const names = gates.map((task) => task.path);
  const what =
    path === undefined
      ? names.length === 0
        ? `nothing in ${data.runId} waits for a decision`
        : `${names.length} gates wait for a decision`
      : `nothing waits for a decision at "${path}"`;
  throw new SlipwayError('NO_GATE', what, {
    exitCode: EXIT.notFound,
    hint: names.length > 0 ? `name one of ${names.join(', ')}` : `see "slipway status ${data.runId}"`,
  });
}

export async function post(journal: RunJournal, runId: string, body: EventBody & { readonly id: string }): Promise<void> {
  const row = await journal.run(runId);
  if (!row) await createdOf(journal, runId);
  else if (isTerminal(row.state))
    throw new SlipwayError('RUN_OVER', `${runId} is over: ${row.state}`, { exitCode: EXIT.error, hint: `see "slipway status ${runId}"` });
  await journal.post(runId, body, body.id);
}

/** @returns the run when nobody drove it: then the request would wait for ever, and this process drives it to its end. */
export async function requestCancel(
  session: Session,
  wiring: Wiring,
  { runId, reason }: { readonly runId: string; readonly reason?: string | undefined },
): Promise<RunHandle | undefined> {
  await post(await wiring.journal(), runId, { type: 'cancelRequested', id: randomText(16), by: session.actor, ...(reason === undefined ? {} : { reason }) });
  return (await isDriven(wiring, runId)) ? undefined : drive(session, wiring, runId);
}

/** Does a live process hold the lease of this run? */
export async function isDriven(wiring: Wiring, runId: string): Promise<boolean> {
  const lease = (await (await wiring.journal()).run(runId))?.lease;
  return lease !== undefined && lease.expiresAt > wiring.clock.now() && !wiring.isDead(lease.owner);
}

/** Continue a run whose process died, or that was paused. @throws {SlipwayError} `RUN_NOT_FOUND`, `RUN_OVER`, `LOCKED`. */
export async function resume(session: Session, wiring: Wiring, runId: string): Promise<RunHandle> {
  const journal = await wiring.journal();
  const data = await stateOfRun(journal, runId);
  if (data.finished)
    throw new SlipwayError('RUN_OVER', `${runId} is over: ${data.finished.state}`, { hint: `see "slipway status ${runId}"; start again with "slipway apply"` });
  if (data.paused) await journal.post(runId, { type: 'resumeRequested', id: randomText(16), by: session.actor }, randomText(16));
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
  if (data.pastNoReturn && !force)
    throw new SlipwayError('PAST_NO_RETURN', `${runId} is past its point of no return`, { hint: 'add --force when you know that undoing is still right' });
  if (data.finished) return undoFinished(session, wiring, { data, reason });
  await journal.post(runId, { type: 'rollbackRequested', id: randomText(16), trigger: 'manual', by: session.actor, reason, force }, randomText(16));
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
  const row = await journal.run(undone);
  const runId = derivedRunId(undone, `rollback ${attempt}`);
  await journal.create(
    {
      id: runId,
      runbook: created.graph.runbook,
      planDigest: created.planDigest,
      createdAt: wiring.clock.now(),
      rehearsal: created.rehearsal,
      labels: { ...row?.labels, rollbackOf: undone },
      ...(created.graph.concurrency ? { concurrencyGroup: created.graph.concurrency.group } : {}),
    },
    { ...same, actor: session.actor, rollbackOf: { runId: undone, reason, started, items: Object.fromEntries(data.items) } },
  );
  return drive(session, wiring, runId);
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

function isForward({ created }: RunData, { node }: Task): boolean {
  const role = created?.graph.nodes[node]?.role;
  return role === 'step' || role === 'case' || role === 'rescue';
}

/** @throws {SlipwayError} `UNKNOWN_TASK`, `NOT_IN_ATTENTION`. */
export async function resolveTask(
  session: Session,
  journal: RunJournal,
  { runId, path, as, hosts }: { readonly runId: string; readonly path: string; readonly as: 'retry' | 'done' | 'failed'; readonly hosts?: readonly string[] },
): Promise<void> {
  const data = await stateOfRun(journal, runId);
  const task = data.tasks.get(path);
  const open = [...data.attention.keys()].filter((one) => one.includes('/'));
  if (!task) {
    const near = didYouMean(path, data.tasks.keys());
    throw new SlipwayError('UNKNOWN_TASK', `${runId} has no task "${path}"`, {
      exitCode: EXIT.notFound,
      hint: near ? `did you mean "${near}"?` : `see "slipway status ${runId}"`,
    });
  }
  if (!open.includes(path))
    throw new SlipwayError('NOT_IN_ATTENTION', `${path} does not wait for a person; it is ${task.state}`, {
      hint: open.length > 0 ? `these do: ${open.join(', ')}` : `see "slipway status ${runId}"`,
    });
  await post(journal, runId, { type: 'taskResolved', id: randomText(16), path, by: session.actor, as, ...(hosts ? { hosts } : {}) });
}

export async function sendSignal(
  session: Session,
  journal: RunJournal,
  { runId, name, payload }: { readonly runId: string; readonly name: string; readonly payload: Json },
): Promise<void> {
  refuseReservedDeep(payload);
  await post(journal, runId, { type: 'signalReceived', id: randomText(16), name, by: session.actor, payload });
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
