const MINUTE = 60_000;
const DAY = 86_400_000;
const formatters = new Map<string, Intl.DateTimeFormat>();

/** Does this machine know the IANA time zone? */
export function isTimeZone(name: string): boolean {
  try {
    formatterOf(name);
    return true;
  } catch {
    return false;
  }
}

/** What clocks in the zone show, written as if it were UTC (milliseconds). */
export function wallClock(at: number, timeZone: string): number {
  const parts = new Map(
    formatterOf(timeZone)
      .formatToParts(at)
      .map((part) => [part.type, Number(part.value)]),
  );
  const part = (type: Intl.DateTimeFormatPartTypes) => parts.get(type) ?? 0;
  return Date.UTC(part('year'), part('month') - 1, part('day'), part('hour'), part('minute'), part('second'));
}

/**
 * The moment when clocks in the zone show `wall`. When they skip it (spring), the first moment after the gap; when they
 * show it twice (autumn), the first of the two.
 */
export function momentOf(wall: number, timeZone: string): number {
  const [first] = momentsOf(wall, timeZone);
  if (first !== undefined) return first;
  const candidates = candidatesFor(wall, timeZone);
  return endOfGap(Math.min(...candidates), Math.max(...candidates), timeZone);
}

/** Every moment when clocks in the zone show `wall`: none when they skip it, two when they show it twice. */
export function momentsOf(wall: number, timeZone: string): readonly number[] {
  const exact = candidatesFor(wall, timeZone).filter((at) => wallClock(at, timeZone) === wall);
  return [...new Set(exact)].sort((a, b) => a - b);
}

/** Zones change their offset at most once in two days: the offsets before and after are the only candidates. */
function candidatesFor(wall: number, timeZone: string): readonly number[] {
  const offsets = [wall - DAY, wall + DAY].map((at) => wallClock(at, timeZone) - at);
  return offsets.map((offset) => wall - offset);
}

function endOfGap(before: number, after: number, timeZone: string): number {
  const offsetAt = (at: number) => wallClock(at, timeZone) - at;
  const old = offsetAt(before);
  let [low, high] = [before, after];
  while (high - low > MINUTE) {
    const middle = low + Math.floor((high - low) / 2 / MINUTE) * MINUTE;
    if (offsetAt(middle) === old) low = middle;
    else high = middle;
  }
  return high;
}

function formatterOf(timeZone: string): Intl.DateTimeFormat {
  let formatter = formatters.get(timeZone);
  if (!formatter) {
    formatter = new Intl.DateTimeFormat('en', {
      timeZone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
    formatters.set(timeZone, formatter);
  }
  return formatter;
}
