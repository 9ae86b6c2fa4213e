import { parseDuration } from '../../core/index.ts';

/** `>20%` and the like; a share is a fraction, a duration is in milliseconds. */
export interface Limit {
  readonly operator: '<' | '<=' | '>' | '>=';
  readonly value: number;
}

/** Read a limit; undefined when the text is none. */
export function parseLimit(text: string, unit: 'share' | 'number' | 'duration'): Limit | undefined {
  const [, sign, rest] = /^(<=|>=|<|>)\s*(\S+)$/.exec(text) ?? [];
  const operator = (['<=', '>=', '<', '>'] as const).find((each) => each === sign);
  if (operator === undefined || rest === undefined) return undefined;
  const value = valueOf(rest, unit);
  return value === undefined ? undefined : { operator, value };
}

function valueOf(text: string, unit: 'share' | 'number' | 'duration'): number | undefined {
  if (unit === 'duration') return parseDuration(text);
  if (unit === 'number') return /^\d+(\.\d+)?$/.test(text) ? Number(text) : undefined;
  return /^\d+(\.\d+)?%$/.test(text) ? Number(text.slice(0, -1)) / 100 : undefined;
}

/** Does the value keep to the limit? */
export function holds(value: number, { operator, value: limit }: Limit): boolean {
  switch (operator) {
    case '<':
      return value < limit;
    case '<=':
      return value <= limit;
    case '>':
      return value > limit;
    case '>=':
      return value >= limit;
  }
}
