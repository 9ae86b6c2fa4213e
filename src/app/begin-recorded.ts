import { type Clock, messageOf } from '../core/index.ts';
import type { RemoteEngine } from '../engine/index.ts';
import { OPEN_STATES } from './overview.ts';
import { isRemote, remoteRun } from './remote.ts';
import type { RunJournal } from './wiring.ts';

const POLL_MS = 5_000;
const MOST_ROWS = 100_000;

export interface Beginning {
  readonly journal: RunJournal;
  readonly engine: Pick<RemoteEngine, 'start'>;
  readonly clock: Clock;
  readonly stop: AbortSignal;
  readonly notice: (line: string) => void;
}

/**
 * Begin runs that were recorded for the engine and that it has never taken: whoever recorded them died before it could ask. Asking again for one that goes on
 * changes nothing; one whose workflow was ended from outside has a lease, and is a person's to resume.
 */
export async function beginRecorded({ journal, engine, clock, stop, notice }: Beginning): Promise<void> {
  while (!stop.aborted) {
    try {
      const rows = await journal.runs({ states: OPEN_STATES, limit: MOST_ROWS });
      for (const row of rows) if (isRemote(row) && !row.lease) await engine.start(await remoteRun(journal, row.id));
    } catch (cause) {
      notice(`recorded runs cannot be begun just now: ${messageOf(cause)}`);
    }
    await clock.sleep(POLL_MS, stop).catch(() => undefined);
  }
}
