import { type Cron, namesDay, parseCron } from './cron.ts';
import { momentOf, momentsOf, wallClock } from './zone.ts';

/** A cron line in a time zone. */
export interface FireTimes {
  readonly cron: string;
  /** IANA name; UTC unless told. */
  readonly timeZone?: string | undefined;
}
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** 29 February is at most eight years away; what does not come by then never does. */
const FURTHEST_DAYS = 9 * 366;

/**
 * When a schedule fires, oldest first, after `after` and up to `until` (milliseconds since the epoch).
 *
 * A line that names hours fires once for each time it names: when clocks skip that time, at the first moment after the gap, and when they show it twice, at
 * the first of the two. A line with `*` for its hours is a rhythm: it fires whenever clocks show a time it names, so not in a gap, and in both passes of a
 * doubled hour.
 *
 * @param most the newest ones when there are more.
 * @throws {TypeError} for a line that is none; whoever reads runbooks has checked it.
 */
export function firesBetween(times: FireTimes, { after, until }: { readonly after: number; readonly until: number }, most = Infinity): readonly number[] {
  const found: number[] = [];
  for (const day of daysFrom(times, after)) {
    if (day.from > until) break;
    found.push(...day.fires.filter((at) => at > after && at <= until));
    if (found.length > most) found.splice(0, found.length - most);
  }
  return found;
}

/** The first time after `after`; undefined for a line that names a day that never comes, such as 30 February. */
export function nextFire(times: FireTimes, after: number): number | undefined {
  for (const { fires } of daysFrom(times, after)) {
    const next = fires.find((at) => at > after);
    if (next !== undefined) return next;
  }
  return undefined;
}

interface FireDay {
  /** No fire of this day or a later one is earlier. */
  readonly from: number;
  /** In the order of time. */
  readonly fires: readonly number[];
}

/** Local days with fires, from the one that `after` is in. */
function* daysFrom({ cron: line, timeZone = 'UTC' }: FireTimes, after: number): Generator<FireDay> {
  const cron = parseCron(line);
  if ('wrong' in cron) throw new TypeError(`not a cron line: ${cron.wrong}`);
  const today = Math.floor(wallClock(after, timeZone) / DAY) * DAY;
  for (let day = today; day <= today + FURTHEST_DAYS * DAY; day += DAY) {
    const date = new Date(day);
    if (!namesDay(cron, { month: date.getUTCMonth() + 1, day: date.getUTCDate(), weekday: date.getUTCDay() })) continue;
    yield { from: momentOf(day, timeZone), fires: firesOf(cron, day, timeZone) };
  }
}

/** Fires of one local day, given as if its midnight were UTC. */
function firesOf(cron: Cron, day: number, timeZone: string): readonly number[] {
  const offset = steadyOffset(day, timeZone);
  const walls = cron.hours.flatMap((hour) => cron.minutes.map((minute) => day + hour * HOUR + minute * MINUTE));
  if (offset !== undefined) return walls.map((wall) => wall - offset);
  const moments = walls.flatMap((wall) => (cron.isRhythm ? momentsOf(wall, timeZone) : [momentOf(wall, timeZone)]));
  return [...new Set(moments)].sort((a, b) => a - b);
}

/** How far the zone is from UTC all through a day; undefined on one that may change it. */
function steadyOffset(day: number, timeZone: string): number | undefined {
  const offsetAt = (at: number): number => wallClock(at, timeZone) - at;
  const before = offsetAt(day - DAY);
  return before === offsetAt(day + 2 * DAY) ? before : undefined;
}
