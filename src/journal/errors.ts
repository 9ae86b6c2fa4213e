import { EXIT, SlipwayError } from '../core/index.ts';

/** The store cannot be used, whatever is asked of it: a person has to look. */
export function broken(cause: unknown, [code, message, hint]: readonly [code: string, message: string, hint: string]): SlipwayError {
  return new SlipwayError(code, message, { cause, retry: 'pauseForHuman', hint });
}

/** Is it the store that cannot be written, whatever is written? */
export function isOfStore(cause: unknown): boolean {
  return cause instanceof SlipwayError && STORE.has(cause.code);
}
const STORE = new Set(['JOURNAL_FULL', 'JOURNAL_READ_ONLY', 'JOURNAL_CORRUPT', 'JOURNAL_BUSY', 'JOURNAL_IO']);

export function newerSchema(found: number, known: number): SlipwayError {
  return new SlipwayError('JOURNAL_NEWER', `the journal has schema ${found} and this slipway knows up to ${known}`, {
    hint: 'use the newer slipway that wrote it',
  });
}

export function olderSchema(found: number, known: number): SlipwayError {
  return new SlipwayError(
    'JOURNAL_OLDER',
    `the journal has schema ${found}, and schema ${known} changes what an older slipway relies on; nothing was touched`,
    {
      hint: 'go on with the older slipway; the release notes of this one say how to change over',
    },
  );
}

export function fenced(runId: string, token: number): SlipwayError {
  return new SlipwayError('JOURNAL_FENCED', `another process has taken over ${runId} (this one holds lease ${token})`, {
    hint: 'nothing to do here; the other process drives the run',
  });
}

export function noRun(runId: string): SlipwayError {
  return new SlipwayError('RUN_NOT_FOUND', `there is no run "${runId}"`, { exitCode: EXIT.notFound, hint: 'run "slipway runs" to see them' });
}

export function runExists(runId: string): SlipwayError {
  return new SlipwayError('RUN_EXISTS', `the run ${runId} exists and began otherwise`, { hint: 'use a new run id' });
}

export function damaged(what: string, cause?: unknown): SlipwayError {
  return broken(cause, ['JOURNAL_CORRUPT', what, 'restore the journal from a backup; keep the damaged one']);
}

/** A member of anything thrown. */
export function memberOf(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null && key in value ? Reflect.get(value, key) : undefined;
}

/** Events of another engine came without the ones before. */
export function gap(runId: string, last: number, seq: number): SlipwayError {
  return new SlipwayError('JOURNAL_GAP', `${runId} has events up to ${last}, and the next one that came is ${seq}`, {
    retry: 'pauseForHuman',
    hint: 'was the journal restored from a backup? restore the newest one',
  });
}

/** Two writers wrote another history each. */
export function diverged(runId: string, seq: number): SlipwayError {
  return new SlipwayError('JOURNAL_DIVERGED', `event ${seq} of ${runId} is another one in the journal than in the engine that drives it`, {
    retry: 'pauseForHuman',
    hint: 'something else wrote to this run; look at "slipway journal export", and do not resume before it is clear which history is true',
  });
}
