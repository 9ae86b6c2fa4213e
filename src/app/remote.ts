import { EXIT, isObject, messageOf, SlipwayError } from '../core/index.ts';
import { decide, type EventBody, evolve, initialState, isResting, type RemoteEngine, type RemoteRun, type RunState, runStateOf } from '../engine/index.ts';
import type { RunRow } from '../journal/index.ts';
import { kindOf } from '../steps/index.ts';
import type { RunHandle, Session } from './types.ts';
import type { RunJournal, Wiring } from './wiring.ts';

type Created = Extract<EventBody, { type: 'runCreated' }>;

/** Kept with a run that an engine on a server drives, so that nobody else ever does. */
export const REMOTE_LABEL = 'engine';

/** Labels that say which engine drives a new run: the one that is configured now, whatever drove the run it follows from. */
export function engineLabels({ engine }: Wiring): { readonly [REMOTE_LABEL]?: string } {
  return engine ? { [REMOTE_LABEL]: 'temporal' } : {};
}

export function isRemote({ labels }: Pick<RunRow, 'labels'>): boolean {
  return labels[REMOTE_LABEL] !== undefined;
}

/** The engine on a server that drives this run; undefined when this process or another one does. @throws {SlipwayError} `ENGINE_NEEDED`. */
export async function remoteOf(wiring: Wiring, row: Pick<RunRow, 'id' | 'labels'> | undefined): Promise<RemoteEngine | undefined> {
  if (!row || !isRemote(row)) return undefined;
  if (wiring.engine) return wiring.engine();
  throw new SlipwayError('ENGINE_NEEDED', `${row.id} is driven by an engine on a server, and this process does not know where that is`, {
    exitCode: EXIT.usage,
    hint: 'set SLIPWAY_ENGINE=temporal and TEMPORAL_ADDRESS as on the machine that began the run',
  });
}

/** Have a recorded run driven by an engine on a server, and follow it to its end, or until only a person can move it on. */
export function driveRemotely(session: Session, wiring: Wiring, { engine, runId }: { readonly engine: RemoteEngine; readonly runId: string }): RunHandle {
  return { runId, isElsewhere: true, done: startAndFollow(session, wiring, { engine, runId }) };
}

async function startAndFollow(
  session: Session,
  wiring: Wiring,
  { engine, runId }: { readonly engine: RemoteEngine; readonly runId: string },
): Promise<{ readonly state: RunState }> {
  const journal = await wiring.journal();
  await engine.start(await remoteRun(journal, runId));
  const stop = AbortSignal.any([session.signal, ...(session.drain ? [session.drain] : [])]);
  const quiet = new AbortController();
  const told = tellWhenIdle(session, wiring, { engine, journal, runId, signal: AbortSignal.any([stop, quiet.signal]) });
  const data = initialState();
  try {
    for await (const event of journal.follow(runId, 0, stop)) {
      evolve(data, event);
      if (data.finished) break;
      // Events of one message belong together: what lies between two of them is no state of the run.
      if ((await journal.run(runId))?.lastSeq !== data.seq) continue;
      if (isResting(data, decide(data, wiring.clock.now(), kindOf))) break;
    }
    return { state: runStateOf(data) };
  } finally {
    quiet.abort();
    await told;
  }
}

/** What the engine shows of a run to people who look there. */
export async function remoteRun(journal: RunJournal, runId: string): Promise<RemoteRun> {
  const [{ body: first } = { body: undefined }] = await journal.read(runId, 0);
  if (first?.type !== 'runCreated')
    throw new SlipwayError('RUN_NOT_FOUND', `there is no run "${runId}"`, { exitCode: EXIT.notFound, hint: 'run "slipway runs"' });
  const { graph } = first;
  const wave = waveOf(first);
  const environments = [...new Set(graph.phases.flatMap(({ environment }) => environment ?? []))];
  return { runId, runbook: graph.runbook, environments, ...(wave === undefined ? {} : { wave }) };
}

/** The label `wave` of the runbook. */
function waveOf({ graph }: Created): string | undefined {
  const { labels } = graph.metadata;
  const wave = labels !== undefined && isObject(labels) ? labels['wave'] : undefined;
  return typeof wave === 'string' ? wave : undefined;
}

const IDLE_MS = 15_000;

/** Say why nothing happens, when nobody is there to make it happen. */
async function tellWhenIdle(
  session: Session,
  { clock }: Wiring,
  { engine, journal, runId, signal }: { readonly engine: RemoteEngine; readonly journal: RunJournal; readonly runId: string; readonly signal: AbortSignal },
): Promise<void> {
  for (let seen = -1; !signal.aborted;) {
    const row = await journal.run(runId).catch(() => undefined);
    try {
      if (row?.lastSeq === seen && !(await engine.hasWorker())) session.notice(`no worker takes runs from ${engine.name}; start "slipway worker"`);
    } catch (cause) {
      session.notice(messageOf(cause));
    }
    seen = row?.lastSeq ?? -1;
    await clock.sleep(IDLE_MS, signal).catch(() => undefined);
  }
}
