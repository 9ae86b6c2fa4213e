import { nextFire } from '../../plan/index.ts';
import type { Session } from '../types.ts';
import type { Wiring } from '../wiring.ts';
import { headsOf } from './heads.ts';
import { type LastFire, SCHEDULES, ScheduleRecord } from './schedule-book.ts';
import { type Scheduled, schedulesOf } from './scheduled.ts';

/** A schedule of the default branch, and how it goes. */
export interface SeenSchedule extends Scheduled {
  /** Milliseconds since the epoch; fewer for one that hardly ever comes. */
  readonly next: readonly number[];
  readonly last?: LastFire & { readonly state?: string };
  readonly missed: number;
  /** False until a worker has seen it: only then it counts. */
  readonly isFollowed: boolean;
}
const NEXT = 3;

/** Schedules of the default branch in the order in which they fire next. @throws {SlipwayError} what reading the branch throws. */
export async function seeSchedules(session: Session, wiring: Wiring): Promise<readonly SeenSchedule[]> {
  const heads = await headsOf(session, wiring)();
  await using store = await wiring.store();
  const seen = heads.flatMap(schedulesOf).map(async (scheduled): Promise<SeenSchedule> => {
    const found = await store.documents.get(SCHEDULES, scheduled.key);
    const record = found && ScheduleRecord.parse(found.value);
    const last = record?.last && { ...record.last, ...(await stateOf(wiring, record.last.runId)) };
    return {
      ...scheduled,
      next: nextOf(scheduled, wiring.clock.now()),
      ...(last ? { last } : {}),
      missed: record?.missed ?? 0,
      isFollowed: record !== undefined,
    };
  });
  return (await Promise.all(seen)).sort((a, b) => (a.next[0] ?? Infinity) - (b.next[0] ?? Infinity));
}

async function stateOf(wiring: Wiring, runId: string | undefined): Promise<{ readonly state?: string }> {
  const row = runId === undefined ? undefined : await (await wiring.journal()).run(runId);
  return row ? { state: row.state } : {};
}

function nextOf({ cron, timeZone }: Scheduled, now: number): readonly number[] {
  const next: number[] = [];
  for (let at = nextFire({ cron, timeZone }, now); at !== undefined && next.length < NEXT; at = nextFire({ cron, timeZone }, at)) next.push(at);
  return next;
}
