import type { JsonObject } from '../../core/index.ts';
import { supervise, type SuperviseOptions } from '../supervise.ts';
import type { Session } from '../types.ts';
import type { Wiring } from '../wiring.ts';
import { fireHands, remedyHands, type Working } from './hands.ts';
import { type Heads, headsOf } from './heads.ts';
import type { Operating } from './operating.ts';
import { remediesHandler } from './remedy/start.ts';
import { type Repeated, repeat } from './repeat.ts';
import { firesHandler } from './schedule-fire.ts';
import { tickSchedules } from './schedule-tick.ts';
import { storeCounts } from './store-counts.ts';
import { noticesHandler, webhooksHandler } from './telling/deliver.ts';
import { createTeller, tellRuns } from './telling/tell-run.ts';
import { type Handler, workOn, workOnce } from './work.ts';

export interface OperateOptions {
  /** Default branches that are worked for; that of the session's repository unless told. */
  readonly heads?: Heads;
  /** Begin what schedules of default branches say. */
  readonly schedules: boolean;
  /** Labels of every run that is started. */
  readonly labels?: JsonObject;
  /** Names this Slipway in events; `/slipway` unless told. */
  readonly source?: string;
}
const TELL_MS = 1_000;
const TICK_MS = 5_000;
const SWEEP_MS = 3_600_000;
/** How long it is known what became of a message. */
const KEPT_MS = 30 * 86_400_000;

/** Drive runs that nobody drives, and do everything else that happens without a person, until the session drains. */
export async function tend(session: Session, wiring: Wiring, options: SuperviseOptions & OperateOptions): Promise<void> {
  await using listener = await wiring.telemetry.listen(() => storeCounts(wiring));
  if (listener) session.notice(`metrics are at port ${listener.port}`);
  await Promise.all([supervise(session, wiring, options), operate(session, wiring, options)]);
}

/**
 * Everything that happens without a person, beside driving runs: schedules, looks for drift, what sets findings right, notices to people and events to endpoints.
 * Until the session drains or its signal aborts. Many processes may do it on one store.
 */
export async function operate(session: Session, wiring: Wiring, options: OperateOptions): Promise<void> {
  const { heads = headsOf(session, wiring), schedules, labels = {} } = options;
  await using store = await wiring.store();
  const { signal, drain, notice } = session;
  const stop = AbortSignal.any([signal, ...(drain ? [drain] : [])]);
  const { clock, owner, webhooks, channels } = wiring;
  const operating: Operating = { store, journal: await wiring.journal(), clock, owner, stop, signal, notice };
  const teller = createTeller(operating, webhooks, options.source);
  const repeated: readonly Repeated[] = [
    { what: 'telling', everyMs: TELL_MS, act: () => tellRuns(teller) },
    { what: 'removing old jobs', everyMs: SWEEP_MS, act: async () => void (await store.queues.sweep(clock.now() - KEPT_MS)) },
    ...(schedules ? [{ what: 'schedules', everyMs: TICK_MS, act: async () => tickSchedules(operating, await heads()) }] : []),
  ];
  const working: Working = { session, wiring, operating, heads, labels };
  const handlers: readonly Handler[] = [
    noticesHandler(operating, channels),
    webhooksHandler(operating, webhooks),
    ...(schedules ? [firesHandler(operating, fireHands(working)), remediesHandler(operating, remedyHands(working))] : []),
  ];
  await Promise.all([...repeated.map((each) => repeat(operating, each)), ...handlers.map((handler) => workOn(operating, handler))]);
}

/** Look at the schedules once, and carry out what is due: for those who have another clock that calls them. */
export async function tickOnce(session: Session, wiring: Wiring): Promise<{ readonly fires: number }> {
  await using store = await wiring.store();
  const { signal, notice } = session;
  const { clock, owner } = wiring;
  const operating: Operating = { store, journal: await wiring.journal(), clock, owner, stop: signal, signal, notice };
  const heads = headsOf(session, wiring);
  await tickSchedules(operating, await heads());
  const working: Working = { session, wiring, operating, heads, labels: {} };
  let fires = 0;
  for (const handler of [firesHandler(operating, fireHands(working)), remediesHandler(operating, remedyHands(working))])
    while (await workOnce(operating, handler)) fires += 1;
  return { fires };
}
