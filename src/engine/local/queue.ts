import type { RunRow } from '../../journal/index.ts';
import { RUN_STATES, TERMINAL_STATES } from '../events.ts';
import type { Drive, DriveOptions } from './drive.ts';

const POLL_MS = 300;
const OVER: ReadonlySet<string> = new Set(TERMINAL_STATES);
const OPEN = RUN_STATES.filter((state) => !OVER.has(state));
const MOST_RUNS = 1_000_000;

/**
 * Wait until fewer runs of the concurrency group go on than may, first come first served. With queue `latest`, a run that
 * waits gives up when a newer one came. Cancelling a queued run ends the wait. Rehearsals have a world of their own each, so
 * they neither wait nor make others wait.
 */
export async function awaitTurn(drive: Drive): Promise<void> {
  const { data, options, signal, append } = drive;
  const rule = data.created?.rehearsal === true ? undefined : data.created?.graph.concurrency;
  for (let asked = false; rule && !signal.aborted && !options.drain?.aborted && !data.cancel && !data.rollback; asked = true) {
    const place = await placeOf(options, rule);
    if (place.isFree) break;
    if (rule.queue === 'latest' && place.isOvertaken) {
      await append([{ type: 'cancelRequested', id: `${options.runId}:latest`, by: 'system', reason: 'a newer run of the group is waiting' }]);
      break;
    }
    if (!asked) await append([{ type: 'runQueued', group: rule.group, behind: place.behind }]);
    await options.clock.sleep(POLL_MS, signal).catch(() => undefined);
    await append([]);
  }
  if (!signal.aborted && !options.drain?.aborted) await append([{ type: 'runStarted' }]);
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
