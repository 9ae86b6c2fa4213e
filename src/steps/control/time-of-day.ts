const MINUTE = 60_000;

/** Does this machine know the IANA time zone? */
export function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

/**
 * The first moment at or after `now` (milliseconds since the epoch) when clocks in `timeZone` show `HH:MM`. When clocks skip that
 * time (spring), the first moment after the gap; when they show it twice (autumn), the first of the two.
 */
export function nextTimeOfDay(timeOfDay: string, timeZone: string, now: number): number {
  const [hour = 0, minute = 0] = timeOfDay.split(':').map(Number);
  const today = wallClock(now, timeZone);
  for (let day = 0; ; day++) {
    const wall = Date.UTC(today.getUTCFullYear(), today.getUTCMonth(), today.getUTCDate() + day, hour, minute);
    const moment = momentOf(wall, timeZone);
    if (moment >= now) return moment;
  }
}

/** The moment when the zone's clocks show `wall` (a wall-clock time written as if it were UTC). */
function momentOf(wall: number, timeZone: string): number {
  // The offset is between -12 and +14 hours, and changes at most once in a day: two candidates are enough.
  const offsets = [wall - 24 * 60 * MINUTE, wall + 24 * 60 * MINUTE].map((at) => wallClock(at, timeZone).getTime() - at);
  const candidates = offsets.map((offset) => wall - offset);
  const exact = candidates.filter((at) => wallClock(at, timeZone).getTime() === wall);
  return exact.length > 0 ? Math.min(...exact) : gapEnd(Math.min(...candidates), Math.max(...candidates), timeZone);
}

/** The first moment after a jump of the clocks that lies between the two moments. */
function gapEnd(before: number, after: number, timeZone: string): number {
  const offsetAt = (at: number) => wallClock(at, timeZone).getTime() - at;
  const start = offsetAt(before);
  let [low, high] = [before, after];
  while (high - low > MINUTE) {
    const middle = low + Math.floor((high - low) / 2 / MINUTE) * MINUTE;
    if (offsetAt(middle) === start) low = middle;
    else high = middle;
  }
  return high;
}

function wallClock(at: number, timeZone: string): Date {
  const parts = new Intl.DateTimeFormat('en', {
    timeZone,
    hourCycle: 'h23',
    ...{ year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric', second: 'numeric' },
  }).formatToParts(at);
  const part = (type: string) => Number(parts.find((each) => each.type === type)?.value ?? 0);
  return new Date(Date.UTC(part('year'), part('month') - 1, part('day'), part('hour'), part('minute'), part('second')));
}
