import { z } from 'zod';
import { EXIT, SlipwayError } from '../../core/index.ts';

/** Where a page ended, as text that means nothing to whoever passes it on. */
export function cursorOf(place: object): string {
  return Buffer.from(JSON.stringify(place)).toString('base64url');
}

/** The place again. @throws {SlipwayError} `BAD_CURSOR`. */
export function placeOf<T>(cursor: string | undefined, shape: z.ZodType<T>): T | undefined {
  if (cursor === undefined) return undefined;
  try {
    return shape.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8')));
  } catch (cause) {
    throw new SlipwayError('BAD_CURSOR', 'the cursor is none that this server gave', {
      exitCode: EXIT.usage,
      hint: 'take "next" of the page before, or start without one',
      cause,
    });
  }
}
