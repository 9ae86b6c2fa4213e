import { type EventBody, type JournalEvent, stateOf } from '../../../engine/index.ts';
import type { RunRow } from '../../../journal/index.ts';
import type { PlanGraph } from '../../../plan/index.ts';
import { cloudEventOf, endNoticeOf, type RunNotice, runNoticeOf } from '../../../report/index.ts';
import type { WebhooksPort } from '../../../steps/index.ts';
import { OPEN_STATES } from '../../overview.ts';
import { documentsIn, ignoringConflicts } from '../documents.ts';
import type { Operating } from '../operating.ts';
import { remediate } from '../remedy/order.ts';
import { TOLD, Told } from './follow.ts';
import { sendEvent, tellChannel } from './queues.ts';
import { channelsOf } from './subscribers.ts';

type Created = Extract<EventBody, { type: 'runCreated' }>;
/** What never changes of a run. */
interface Known {
  readonly created: Created;
  readonly repository?: string;
}
/** Puts into queues what happened in runs. */
export interface Teller {
  readonly operating: Operating;
  readonly endpoints: WebhooksPort['endpoints'];
  /** Names this Slipway in events: `/slipway`, or the address of its portal. */
  readonly source: string;
  /** Of runs that were told of before. */
  readonly known: Map<string, Known>;
}

export function createTeller(operating: Operating, { endpoints }: WebhooksPort, source = '/slipway'): Teller {
  return { operating, endpoints, source, known: new Map() };
}

const MOST_ROWS = 100_000;

/** Look at every run that is followed. */
export async function tellRuns(teller: Teller): Promise<void> {
  const { stop, store, journal } = teller.operating;
  const open = new Map((await journal.runs({ states: OPEN_STATES, limit: MOST_ROWS })).map((row) => [row.id, row]));
  for await (const { key, value, version } of documentsIn(store, TOLD)) {
    if (stop.aborted) return;
    await tellSince(teller, open.get(key) ?? (await journal.run(key)), { runId: key, ...Told.parse(value), version });
  }
}

/** Look at one run, if it is followed. */
export async function tellRun(teller: Teller, runId: string): Promise<void> {
  const { store, journal } = teller.operating;
  const found = await store.documents.get(TOLD, runId);
  if (found) await tellSince(teller, await journal.run(runId), { runId, ...Told.parse(found.value), version: found.version });
}

/** How far a run was told at the last look. */
interface Mark extends Told {
  readonly runId: string;
  readonly version: number;
}

/**
 * Put into the queues what has happened in a run since the last look. Durable in this order: first the messages, under ids that follow from run and event, then
 * the mark up to which they are there; so a crash, or two processes at once, neither lose nor double one.
 */
async function tellSince(teller: Teller, row: RunRow | undefined, { runId, seq, version }: Mark): Promise<void> {
  const { store, journal } = teller.operating;
  if (row && row.lastSeq <= seq) return;
  const events = row ? await journal.read(runId, seq) : [];
  const known = row && (await knownOf(teller, row, events));
  if (known) for (const event of events) await tellEvent(teller, event, known);
  const isOver = !row || events.some(({ body }) => body.type === 'runFinished');
  if (isOver) teller.known.delete(runId);
  await ignoringConflicts(() =>
    isOver
      ? store.documents.delete(TOLD, runId, { ifVersion: version })
      : store.documents.put(TOLD, runId, { seq: events.at(-1)?.seq ?? seq }, { ifVersion: version }),
  );
}

async function knownOf({ known, operating }: Teller, { id, labels }: RunRow, events: readonly JournalEvent[]): Promise<Known | undefined> {
  const before = known.get(id);
  if (before) return before;
  const [first] = events[0]?.seq === 1 ? events : await operating.journal.read(id);
  if (first?.body.type !== 'runCreated') return undefined;
  const { repository } = labels;
  const found: Known = { created: first.body, ...(typeof repository === 'string' ? { repository } : {}) };
  known.set(id, found);
  return found;
}

async function tellEvent(teller: Teller, event: JournalEvent, { created, repository }: Known): Promise<void> {
  const { store } = teller.operating;
  await sendToEndpoints(teller, event, created.graph.runbook);
  await remediate(store, event, { graph: created.graph, ...(repository === undefined ? {} : { repository }) });
  const notice = event.body.type === 'runFinished' ? await endNotice(teller, event) : runNoticeOf(event, created);
  if (!notice) return;
  const { title, mood, facts, next } = notice;
  for (const channel of channelsOf(created.graph.notifications ?? [], { notice: notice.notice, environment: environmentOf(created.graph, notice) })) {
    const about = `${event.runId}/${event.seq}`;
    await tellChannel(store, channel, { title, mood, facts, next, runId: event.runId, at: event.at, about, thread: event.runId });
  }
}

/** Which step failed, and how long it took, only the whole run tells. */
async function endNotice({ operating: { journal } }: Teller, { runId, seq }: JournalEvent): Promise<RunNotice | undefined> {
  const events = await journal.read(runId);
  return endNoticeOf(stateOf(events.filter((event) => event.seq <= seq)));
}

async function sendToEndpoints({ operating, endpoints, source }: Teller, event: JournalEvent, runbook: string): Promise<void> {
  const wanting = endpoints.filter(({ events }) => events === undefined || events.includes(event.body.type));
  if (wanting.length === 0) return;
  const body = cloudEventOf(event, { runbook, source });
  if (!body) return;
  const { runId, seq, at } = event;
  for (const { name } of wanting) await sendEvent(operating.store, name, { id: `${runId}/${seq}`, runId, at, body });
}

function environmentOf({ phases }: PlanGraph, { phase }: RunNotice): string | undefined {
  return phases.find(({ id }) => id === phase)?.environment;
}
