import type { RunRow } from '../../journal/index.ts';
import { type EventBody, RUN_STATES, TERMINAL_STATES } from '../events.ts';
import type { LockWait } from '../locks.ts';
import type { Drive, DriveOptions } from './drive.ts';

const POLL_MS = 300;
/** Looking whether a lock is free is a write, and runs may wait for days. */
const LONGEST_POLL_MS = 3_000;
const SLOWER = 1.2;
const OVER: ReadonlySet<string> = new Set(TERMINAL_STATES);
const OPEN = RUN_STATES.filter((state) => !OVER.has(state));
const MOST_RUNS = 1_000_000;

/**
 * Wait until a run may act: until fewer runs of its concurrency group go on than may, first come first served, and until it holds its locks. With queue
 * `latest`, a run that waits gives up when a newer one came. Cancelling a run that has not begun ends the wait; one that had begun and comes back after
 * a crash has to hold its locks again, whatever is wanted of it. Rehearsals have a world of their own each, so they neither wait nor make others wait.
 */
export async function awaitTurn(drive: Drive): Promise<void> {
  const { data, options, signal, append } = drive;
  const isOver = (): boolean => signal.aborted || options.drain?.aborted === true || (data.startedAt === undefined && data.cancel !== undefined);
  let told = '';
  for (let pollMs = POLL_MS; !isOver(); pollMs = Math.min(LONGEST_POLL_MS, pollMs * SLOWER)) {
    const wait = (await groupWait(drive)) ?? (await lockWait(drive));
    if (wait === undefined) break;
    if (wait === 'overtaken') {
      await append([{ type: 'cancelRequested', id: `${options.runId}:latest`, by: 'system', reason: 'a newer run of the group is waiting' }]);
      break;
    }
    const why = `${wait.group} ${wait.lock?.heldBy?.runId ?? ''}`;
    if (why !== told) await append([wait]);
    told = why;
    await options.clock.sleep(wait.lock ? pollMs : POLL_MS, signal).catch(() => undefined);
    await append([]);
  }
  if (!signal.aborted && !options.drain?.aborted && data.startedAt === undefined) await append([{ type: 'runStarted' }]);
}

type Queued = Extract<EventBody, { type: 'runQueued' }>;

/** Why its concurrency group keeps it; a run that undoes another must not wait for its group. */
async function groupWait({ data, options }: Drive): Promise<Queued | 'overtaken' | undefined> {
  const rule = data.created?.rehearsal === true ? undefined : data.created?.graph.concurrency;
  if (!rule || data.startedAt !== undefined || data.rollback) return undefined;
  const place = await placeOf(options, rule);
  if (place.isFree) return undefined;
  if (rule.queue === 'latest' && place.isOvertaken) return 'overtaken';
  return { type: 'runQueued', group: rule.group, behind: place.behind };
}

async function lockWait({ options }: Drive): Promise<Queued | undefined> {
  const answer = await options.locks?.take();
  if (answer?.state !== 'waiting') return undefined;
  const { wait } = answer;
  return { type: 'runQueued', group: wait.lock, behind: holders(wait), lock: wait };
}

function holders({ heldBy }: LockWait): readonly string[] {
  return heldBy ? [`${heldBy.runId} (${heldBy.holder})`] : [];
}

export interface Place {
  readonly isFree: boolean;
  readonly isOvertaken: boolean;
  /** Who is waited for, with their states. */
  readonly behind: readonly string[];
}

/** Where a run stands in its concurrency group. */
export async function placeOf(
  options: Pick<DriveOptions, 'journal' | 'runId'>,
  { group, max }: { readonly group: string; readonly max: number },
): Promise<Place> {
  const open = await options.journal.runs({ concurrencyGroup: group, states: OPEN, limit: MOST_RUNS });
  const me = open.find(({ id }) => id === options.runId);
  // In the order in which the store took them: two processes that look at once agree on it, whatever their clocks say.
  const isBefore = (other: RunRow): boolean => me !== undefined && other.order < me.order;
  const others = open.filter(({ id, rehearsal }) => id !== options.runId && !rehearsal);
  const ahead = others.filter((other) => other.state !== 'queued' || isBefore(other));
  return {
    isFree: ahead.length < max,
    behind: ahead.map(({ id, state }) => `${id} (${state})`),
    isOvertaken: others.some((other) => other.state === 'queued' && !isBefore(other)),
  };
}
