interface Field {
  readonly name: string;
  readonly least: number;
  readonly most: number;
  readonly names?: readonly string[];
}
const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
const FIELDS: readonly Field[] = [
  { name: 'minute', least: 0, most: 59 },
  { name: 'hour', least: 0, most: 23 },
  { name: 'day of the month', least: 1, most: 31 },
  { name: 'month', least: 1, most: 12, names: MONTHS },
  { name: 'day of the week', least: 0, most: 7, names: DAYS },
];

/** What is wrong with a cron line of five fields; undefined when nothing is. */
export function cronMistake(line: string): { readonly message: string; readonly hint: string } | undefined {
  const parts = line.trim().split(/\s+/);
  for (const [index, field] of FIELDS.entries()) {
    const wrong = (parts[index] ?? '').split(',').find((part) => !isPart(part, field));
    if (wrong === undefined) continue;
    const names = field.names ? `, or ${field.names.slice(0, 3).join(', ')} …` : '';
    return { message: `"${wrong}" is no ${field.name} of a cron line`, hint: `use ${field.least} to ${field.most}${names}, a range 1-5, a step */2, or *` };
  }
  return undefined;
}

function isPart(part: string, field: Field): boolean {
  const [range = '', step, ...more] = part.split('/');
  if (more.length > 0 || (step !== undefined && (!/^\d{1,3}$/.test(step) || Number(step) < 1))) return false;
  if (range === '*') return true;
  const ends = range.split('-').map((end) => numberOf(end, field));
  const [first, last = first] = ends;
  if (ends.length > 2 || first === undefined || last === undefined) return false;
  return first >= field.least && last <= field.most && first <= last;
}

function numberOf(text: string, { names, least }: Field): number | undefined {
  if (/^\d{1,3}$/.test(text)) return Number(text);
  const named = names?.indexOf(text.toLowerCase()) ?? -1;
  return named < 0 ? undefined : named + (least === 1 ? 1 : 0);
}
