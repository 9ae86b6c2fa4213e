import { SlipwayError } from '../../core/index.ts';

export type Headers = Readonly<Record<string, string | undefined>>;

/** No header that we read is longer. */
const MOST_CHARS = 4_096;

/**
 * Value of a header, whatever its case; undefined when it is absent or empty.
 *
 * @throws {SlipwayError} `DELIVERY_MALFORMED` when it is there twice with different values, or longer than 4,096 characters.
 */
export function headerOf(headers: Headers, name: string): string | undefined {
  const values = new Set<string>();
  for (const [key, value] of Object.entries(headers)) {
    if (key.toLowerCase() === name && typeof value === 'string' && value.trim() !== '') values.add(value.trim());
  }
  const [value, other] = values;
  if (other !== undefined) throw malformed(`the header ${name} is there twice, with different values`);
  if (value !== undefined && value.length > MOST_CHARS) throw malformed(`the header ${name} has ${value.length} characters`);
  return value;
}

export function malformed(message: string, cause?: unknown): SlipwayError {
  return new SlipwayError('DELIVERY_MALFORMED', message, cause === undefined ? {} : { cause });
}
