import { randomText } from '../../core/index.ts';
import type { Draft } from '../../steps/index.ts';

/** A write is tried once more when its connection broke. */
const TRIES = 2;
/** Attempts before this one whose leftovers are looked for. */
const MOST_BEFORE = 15;

/** Names, in the folder of a file, under which a write prepares it. */
export interface Drafts {
  /** A name for one try, and those under which an earlier one may have left something. */
  next(): { readonly name: string; readonly leftovers: readonly string[] };
}

/**
 * Names that no two attempts share: one that everybody took for dead may still finish its own draft, and must not put a half of another one in place.
 * They follow from the work, so that whoever repeats it after a crash knows them.
 */
export function createDrafts(draft: Draft | undefined): Drafts {
  const nameOf = (attempt: number, tries: number): string => `.slipway-${draft?.mark}-${attempt}.${tries}`;
  const leftovers =
    draft === undefined ? [] : attemptsUpTo(draft.attempt).flatMap((attempt) => Array.from({ length: TRIES }, (_, tries) => nameOf(attempt, tries)));
  let tries = 0;
  return {
    next: () => {
      const name = draft === undefined ? `.slipway-${randomText(10)}` : nameOf(draft.attempt, tries++);
      const before = [...leftovers];
      leftovers.push(name);
      return { name, leftovers: before };
    },
  };
}

function attemptsUpTo(attempt: number): number[] {
  const count = Math.min(attempt, MOST_BEFORE + 1);
  return Array.from({ length: count }, (_, index) => attempt - count + 1 + index);
}
