import { newerSchema, olderSchema } from './errors.ts';

/** One step of a schema. Steps are added at the end and never changed once released. */
export interface Migration {
  readonly sql: string;
  /** Set when a Slipway that does not know this step must not use the database any more; others only add what older ones do not see. */
  readonly breaks?: true;
}
/** How far the schema of one part of the database is: number of steps, and how many a Slipway must know at least to use it. */
export interface Applied {
  readonly version: number;
  readonly oldest: number;
}

/**
 * Steps that are still to do. None when the database is newer and still usable: old and new version may work on it together. A step that older ones cannot
 * live with is part of a new database only: whether an older one still works on this one, nobody can know.
 *
 * @throws {SlipwayError} `JOURNAL_NEWER` when it has changed in a way that this version does not know; `JOURNAL_OLDER` when it would have to be.
 */
export function missingSteps(known: readonly Migration[], { version, oldest }: Applied): readonly Migration[] {
  if (oldest > known.length) throw newerSchema(version, known.length);
  const missing = known.slice(version);
  if (version > 0 && missing.some(({ breaks }) => breaks === true)) throw olderSchema(version, known.length);
  return missing;
}

/** How far a database is after all known steps. */
export function appliedAll(known: readonly Migration[]): Applied {
  return { version: known.length, oldest: known.findLastIndex(({ breaks }) => breaks === true) + 1 };
}
