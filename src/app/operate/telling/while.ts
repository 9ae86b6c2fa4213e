import { isTerminal } from '../../../engine/index.ts';
import type { PlanGraph } from '../../../plan/index.ts';
import type { Session } from '../../types.ts';
import type { Wiring } from '../../wiring.ts';
import type { Operating } from '../operating.ts';
import { repeat } from '../repeat.ts';
import { type Handler, workOn, workOnce } from '../work.ts';
import { noticesHandler, UNKNOWN_CHANNEL, webhooksHandler } from './deliver.ts';
import { followRun } from './follow.ts';
import { createTeller, tellRun } from './tell-run.ts';

const TELL_MS = 500;
/** What could not be handed over in this time after the run was left stays in the queues, for whoever comes next. */
const LAST_MS = 5_000;
const LOOK_MS = 200;

/** From now on what happens in this run is told, whoever drives it. One that has ended has been told. */
export async function followed(wiring: Wiring, runId: string): Promise<void> {
  const row = await (await wiring.journal()).run(runId);
  if (!row || isTerminal(row.state)) return;
  await using store = await wiring.store();
  await followRun(store, runId);
}

/** Tell what happens in a run while this process drives it: without a worker nobody else would. */
export async function tellingWhile<T>(session: Session, wiring: Wiring, runId: string, act: () => Promise<T>): Promise<T> {
  if (session.isTold) return act();
  const journal = await wiring.journal();
  const [first] = await journal.read(runId);
  if (first?.body.type !== 'runCreated' || first.body.rehearsal || !hasListeners(first.body.graph, wiring)) return act();
  await using store = await wiring.store();
  const { clock, owner, channels, webhooks } = wiring;
  const over = new AbortController();
  const operating: Operating = {
    store,
    journal,
    clock,
    owner,
    stop: AbortSignal.any([session.signal, over.signal]),
    signal: session.signal,
    notice: session.notice,
  };
  const teller = createTeller(operating, webhooks);
  const handlers = [noticesHandler(operating, channels), webhooksHandler(operating, webhooks)];
  const telling = Promise.all([
    repeat(operating, { what: 'telling', everyMs: TELL_MS, act: () => tellRun(teller, runId) }),
    ...handlers.map((handler) => workOn(operating, { ...handler, lanes: 1 })),
  ]);
  try {
    return await act();
  } finally {
    over.abort();
    await telling;
    await tellRest(session, operating, { runId, tell: () => tellRun(teller, runId), handlers }).catch(() => undefined);
  }
}

interface Rest {
  readonly runId: string;
  readonly tell: () => Promise<void>;
  readonly handlers: readonly Handler[];
}

/** How the run ended is what people want to know most: what was refused once is tried again, for a little. */
async function tellRest({ signal }: Session, operating: Operating, { runId, tell, handlers }: Rest): Promise<void> {
  if (signal.aborted) return;
  await tell();
  const { clock } = operating;
  const last: Operating = { ...operating, stop: signal, signal: AbortSignal.any([signal, AbortSignal.timeout(LAST_MS)]) };
  for (const end = clock.monotonic() + LAST_MS; clock.monotonic() < end && !signal.aborted; await clock.sleep(LOOK_MS, signal)) {
    for (const handler of handlers) while (clock.monotonic() < end && (await workOnce(last, handler)));
    if (!(await isAnyLeft(operating, runId, handlers))) return;
  }
}

async function isAnyLeft({ store }: Operating, runId: string, handlers: readonly Handler[]): Promise<boolean> {
  const waiting = await Promise.all(handlers.map(({ queue }) => store.queues.peek(queue, { states: ['ready', 'claimed'] })));
  return waiting.flat().some(({ orderKey, reason }) => orderKey?.endsWith(`/${runId}`) === true && reason?.startsWith(UNKNOWN_CHANNEL) !== true);
}

/** Does anybody want to know of what happens in a run, or in those that it calls? */
function hasListeners({ notifications, remediation, calls }: PlanGraph, wiring: Wiring): boolean {
  if (notifications || remediation || wiring.webhooks.endpoints.length > 0) return true;
  return Object.values(calls).some((called) => hasListeners(called, wiring));
}
