import { createContext, Script } from 'node:vm';
import { z } from 'zod';
import { SlipwayError } from '../core/index.ts';

const TIME_LIMIT_MS = 2_000;

/** A regular expression as JavaScript knows it, with Unicode and without flags of its own. */
export const Pattern = z
  .string()
  .min(1)
  .max(1_000)
  .refine(isPattern, { error: 'not a regular expression' })
  .meta({ description: 'a regular expression (JavaScript, Unicode)' });

function isPattern(text: string): boolean {
  try {
    new RegExp(text, 'u');
    return true;
  } catch {
    return false;
  }
}

const FIND_ALL = new Script('{ const e = new RegExp(pattern, "u"); texts.map((text) => { const m = e.exec(text); return m ? m.index + m[0].length : -1; }) }');

/**
 * Where the first match ends in each text; -1 where there is none. An expression that takes too long is stopped, so that whoever
 * writes one cannot hold everything up.
 *
 * @throws {SlipwayError} `PATTERN_SLOW`.
 */
export function matchEnds(pattern: string, texts: readonly string[]): readonly number[] {
  try {
    // Plain data from the one expression above; nothing of ours is within its reach.
    return FIND_ALL.runInContext(createContext({ pattern, texts: [...texts] }), { timeout: TIME_LIMIT_MS }) as readonly number[];
  } catch (cause) {
    throw new SlipwayError('PATTERN_SLOW', `the expression ${JSON.stringify(pattern)} takes longer than ${TIME_LIMIT_MS} ms`, {
      hint: 'avoid repetitions inside repetitions, such as (a+)+',
      cause,
    });
  }
}

export function matches(pattern: string, texts: readonly string[]): readonly boolean[] {
  return matchEnds(pattern, texts).map((end) => end >= 0);
}
