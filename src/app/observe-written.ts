import { createRecent } from '../core/index.ts';
import type { JournalEvent, WorkerHands } from '../engine/index.ts';
import type { RunObserver } from '../telemetry/index.ts';
import type { Wiring } from './wiring.ts';

/** Runs that a worker remembers; one that is forgotten is read from its beginning again. */
const MOST_KNOWN = 1_000;

interface Followed {
  readonly observe: RunObserver;
  /** Everything up to this event was told to the observer. */
  seq: number;
  /** One after the other, in the order of the journal. */
  telling: Promise<void>;
}

/**
 * Spans and metrics of runs that are decided on a server: made of what a worker has written into the journal, so that replays tell nothing again. What other
 * workers wrote in between is read from there, and told as old.
 */
export function observeWritten(wiring: Pick<Wiring, 'journal' | 'telemetry'>): NonNullable<WorkerHands['told']> {
  const known = createRecent<Promise<Followed | undefined>>(MOST_KNOWN);
  return async (runId, events) => {
    const last = events.at(-1);
    if (!last) return;
    const opening = known.use(runId, () => follow(wiring, runId));
    const followed = await opening.catch(() => undefined);
    if (!followed || last.body.type === 'runFinished') known.forget(runId, opening);
    // Nobody wants to know, for now.
    if (!followed) return;
    followed.telling = followed.telling.then(() => tell(wiring, { runId, followed, events })).catch(() => undefined);
    await followed.telling;
  };
}

async function follow({ telemetry }: Pick<Wiring, 'telemetry'>, runId: string): Promise<Followed | undefined> {
  const observe = await telemetry.observer(runId);
  return observe && { observe, seq: 0, telling: Promise.resolve() };
}

interface Telling {
  readonly runId: string;
  readonly followed: Followed;
  readonly events: readonly JournalEvent[];
}

async function tell({ journal }: Pick<Wiring, 'journal'>, { runId, followed, events }: Telling): Promise<void> {
  const first = events[0]?.seq ?? 0;
  const missed = followed.seq + 1 < first ? await (await journal()).read(runId, followed.seq) : [];
  for (const event of missed) if (event.seq < first) followed.observe(event, false);
  for (const event of events) followed.observe(event, true);
  followed.seq = events.at(-1)?.seq ?? followed.seq;
}
