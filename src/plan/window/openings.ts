import { createRecent } from '../../core/index.ts';
import type { Calendar, LoadedCalendar, WindowRule } from '../../runbook/index.ts';
import type { WindowSpan } from '../types.ts';
import { type Cron, namesDay, parseCron } from './cron.ts';
import { subtract, union } from './spans.ts';
import { isTimeZone, momentOf } from './zone.ts';

const DAY = 86_400_000;
/** How far ahead openings are computed; a plan lives much shorter. */
export const HORIZON_DAYS = 400;
/** More starts than this in one day is a mistake, and would make the plan huge. */
const MOST_STARTS_A_DAY = 48;

/** A mistake in a window, in the words of a problem. */
export interface WindowMistake {
  readonly message: string;
  readonly hint: string;
}
interface Schedule {
  readonly schedule: string;
  readonly durationMs: number;
  readonly timeZone: string;
}

/**
 * When a phase may run, from the start of the UTC day of `now` for 400 days. Deny wins over allow. Durations are real time, so
 * a window over a change of the clocks is as long as it says.
 */
export function openingsOf(rule: WindowRule, calendars: ReadonlyMap<string, LoadedCalendar>, now: number): readonly WindowSpan[] | WindowMistake {
  try {
    const span = { from: Math.floor(now / DAY) * DAY, to: (Math.floor(now / DAY) + HORIZON_DAYS) * DAY };
    const open = allowed(rule, calendars, span) ?? [span];
    return subtract(open, denied(rule, calendars, span)).filter(({ to }) => to > span.from);
  } catch (thrown) {
    if (thrown instanceof Mistake) return { message: thrown.message, hint: thrown.hint };
    throw thrown;
  }
}

class Mistake extends Error {
  readonly hint: string;
  constructor(message: string, hint: string) {
    super(message);
    this.hint = hint;
  }
}

function allowed(rule: WindowRule, calendars: ReadonlyMap<string, LoadedCalendar>, within: WindowSpan): readonly WindowSpan[] | undefined {
  const inline = inlineSpans(rule, within);
  if (rule.allow === true || (inline && rule.allow === undefined && rule.deny !== true)) {
    if (!inline) throw new Mistake('a window that allows has no schedule', 'add "schedule" and "duration", or name a calendar');
    return inline;
  }
  if (rule.allow === undefined) return undefined;
  const calendar = calendarOf(rule.allow, calendars);
  const open = spansOf(calendar, 'allow', within) ?? [within];
  return subtract(open, spansOf(calendar, 'deny', within) ?? []);
}

function denied(rule: WindowRule, calendars: ReadonlyMap<string, LoadedCalendar>, within: WindowSpan): readonly WindowSpan[] {
  if (rule.deny === undefined) return [];
  if (rule.deny === true) {
    const inline = inlineSpans(rule, within);
    if (!inline || rule.allow === true)
      throw new Mistake('a window that denies has no schedule of its own', 'add "schedule" and "duration", or name a calendar');
    return inline;
  }
  const calendar = calendarOf(rule.deny, calendars);
  // A calendar of openings (office hours) may be denied as well as a calendar of freezes.
  return spansOf(calendar, 'deny', within) ?? spansOf(calendar, 'allow', within) ?? [];
}

function inlineSpans(rule: WindowRule, within: WindowSpan): readonly WindowSpan[] | undefined {
  if (rule.schedule === undefined) return undefined;
  if (rule.duration === undefined) throw new Mistake(`the window "${rule.schedule}" has no duration`, 'add "duration", for example 4h');
  return occurrences({ schedule: rule.schedule, durationMs: rule.duration, timeZone: rule.timeZone ?? 'UTC' }, within);
}

function calendarOf(name: string, calendars: ReadonlyMap<string, LoadedCalendar>): Calendar {
  const found = calendars.get(name);
  if (found) return found.calendar;
  const known = [...calendars.keys()];
  throw new Mistake(
    `there is no calendar "${name}"`,
    known.length > 0 ? `calendars of this repository: ${known.join(', ')}` : 'add a file with kind: Calendar',
  );
}

function spansOf(calendar: Calendar, kind: 'allow' | 'deny', within: WindowSpan): readonly WindowSpan[] | undefined {
  const windows = calendar.windows.filter((window) => window.kind === kind);
  if (windows.length === 0) return undefined;
  return union(windows.flatMap((window) => occurrences({ schedule: window.schedule, durationMs: window.duration, timeZone: calendar.timeZone }, within)));
}

/** Schedules whose openings are remembered; a year of one takes tens of milliseconds, and many runbooks share few calendars. */
const MOST_REMEMBERED = 256;
/** By everything that they follow from. */
const remembered = createRecent<readonly WindowSpan[]>(MOST_REMEMBERED);

function occurrences(asked: Schedule, within: WindowSpan): readonly WindowSpan[] {
  const key = JSON.stringify([asked.schedule, asked.durationMs, asked.timeZone, within.from, within.to]);
  return remembered.use(key, () => workedOut(asked, within));
}

function workedOut({ schedule, durationMs, timeZone }: Schedule, within: WindowSpan): readonly WindowSpan[] {
  if (!isTimeZone(timeZone)) throw new Mistake(`"${timeZone}" is not a time zone`, 'write an IANA name, for example Europe/Berlin');
  const cron = parseCron(schedule);
  if ('wrong' in cron) throw new Mistake(`the schedule ${cron.wrong}`, 'write five fields: minute hour day month weekday');
  if (cron.minutes.length * cron.hours.length > MOST_STARTS_A_DAY) {
    throw new Mistake(
      `the schedule "${schedule}" opens more than ${MOST_STARTS_A_DAY} times a day`,
      'a window opens at a few fixed times; check the minute field',
    );
  }
  return union(startsOf(cron, timeZone, { from: within.from - durationMs, to: within.to }).map((from) => ({ from, to: from + durationMs })));
}

function startsOf(cron: Cron, timeZone: string, within: WindowSpan): readonly number[] {
  const starts: number[] = [];
  // Local days begin up to a day before or after the UTC day of the same date.
  for (let day = Math.floor(within.from / DAY) * DAY - DAY; day <= within.to + DAY; day += DAY) {
    const date = new Date(day);
    if (!namesDay(cron, { month: date.getUTCMonth() + 1, day: date.getUTCDate(), weekday: date.getUTCDay() })) continue;
    for (const hour of cron.hours) {
      for (const minute of cron.minutes) starts.push(momentOf(day + hour * 3_600_000 + minute * 60_000, timeZone));
    }
  }
  return starts.filter((start) => start >= within.from && start < within.to);
}
