/** A cron line, taken apart: which minutes, hours, days, months and weekdays it names. */
export interface Cron {
  readonly minutes: readonly number[];
  readonly hours: readonly number[];
  readonly days: ReadonlySet<number>;
  /** 1 is January. */
  readonly months: ReadonlySet<number>;
  /** 0 is Sunday. */
  readonly weekdays: ReadonlySet<number>;
  /** When both are restricted, one of them is enough (as in every cron since 1987). */
  readonly anyDay: boolean;
  /** The hours are not restricted, or only by a step: it means a rhythm, and not times of the day. */
  readonly isRhythm: boolean;
}

interface Field {
  readonly name: string;
  readonly least: number;
  readonly most: number;
  readonly words?: readonly string[];
}
const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const WEEKDAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
const FIELDS = [
  { name: 'minute', least: 0, most: 59 },
  { name: 'hour', least: 0, most: 23 },
  { name: 'day of month', least: 1, most: 31 },
  { name: 'month', least: 1, most: 12, words: MONTHS },
  { name: 'weekday', least: 0, most: 7, words: WEEKDAYS },
] as const satisfies readonly Field[];

/**
 * Read five fields: numbers, `*`, lists, ranges, steps, and English names of months and weekdays; 7 is Sunday too.
 *
 * @returns the line taken apart, or what is wrong with it.
 */
export function parseCron(text: string): Cron | { readonly wrong: string } {
  const parts = text.trim().split(/\s+/);
  if (parts.length !== FIELDS.length) return { wrong: `"${text}" has ${parts.length} fields, not 5` };
  const fields: number[][] = [];
  for (const [index, field] of FIELDS.entries()) {
    const values = parseField(parts[index] ?? '', field);
    if (!Array.isArray(values)) return values;
    fields.push(values);
  }
  const [minutes = [], hours = [], days = [], months = [], weekdays = []] = fields;
  return {
    minutes,
    hours,
    days: new Set(days),
    months: new Set(months),
    weekdays: new Set(weekdays.map((day) => day % 7)),
    anyDay: !parts[2]?.startsWith('*') && !parts[4]?.startsWith('*'),
    isRhythm: parts[1]?.startsWith('*') === true,
  };
}

/** Does the line name this day? `weekday` 0 is Sunday, `month` 1 is January. */
export function namesDay(cron: Cron, day: { readonly month: number; readonly day: number; readonly weekday: number }): boolean {
  if (!cron.months.has(day.month)) return false;
  const byDay = cron.days.has(day.day);
  const byWeekday = cron.weekdays.has(day.weekday);
  return cron.anyDay ? byDay || byWeekday : byDay && byWeekday;
}

function parseField(text: string, field: Field): number[] | { readonly wrong: string } {
  const values = new Set<number>();
  for (const part of text.split(',')) {
    const range = parseRange(part, field);
    if (!range) return { wrong: `"${part}" is not a ${field.name} (${field.least} to ${field.most})` };
    for (let value = range.from; value <= range.to; value += range.step) values.add(value);
  }
  return [...values].sort((a, b) => a - b);
}

function parseRange(part: string, field: Field): { from: number; to: number; step: number } | undefined {
  const match = /^(\*|[a-z]+|\d+)(?:-([a-z]+|\d+))?(?:\/(\d+))?$/i.exec(part);
  if (!match) return undefined;
  const [, first = '', last, stepText] = match;
  const step = stepText === undefined ? 1 : Number(stepText);
  if (step < 1 || (first === '*' && last !== undefined)) return undefined;
  const from = first === '*' ? field.least : valueOf(first, field);
  // "5/15" means from 5 on, every 15; "*" of weekdays must not count Sunday twice, which the set takes care of.
  const openEnd = first === '*' || (last === undefined && stepText !== undefined);
  const to = openEnd ? field.most : valueOf(last ?? first, field);
  if (from === undefined || to === undefined || from > to) return undefined;
  return { from, to, step };
}

function valueOf(text: string, field: Field): number | undefined {
  const word = field.words?.indexOf(text.toLowerCase()) ?? -1;
  const value = word >= 0 ? word + (field.least === 1 ? 1 : 0) : /^\d+$/.test(text) ? Number(text) : Number.NaN;
  return value >= field.least && value <= field.most ? value : undefined;
}
