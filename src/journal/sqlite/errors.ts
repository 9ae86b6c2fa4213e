import { messageOf, SlipwayError } from '../../core/index.ts';

const SQLITE = { busy: 5, readOnly: 8, ioError: 10, corrupt: 11, full: 13, cannotOpen: 14, notDatabase: 26 } as const;

/** An error of SQLite, or of the file system below it, in our words. */
export function journalError(cause: unknown): unknown {
  if (cause instanceof SlipwayError) return cause;
  const code = sqliteCode(cause);
  if (code === undefined) return cause;
  const text = messageOf(cause);
  switch (code) {
    case SQLITE.full:
      return broken(cause, [
        'JOURNAL_FULL',
        'the disk that holds the journal is full',
        'free space, then run "slipway resume <run>"; nothing recorded is lost',
      ]);
    case SQLITE.readOnly:
      return broken(cause, [
        'JOURNAL_READ_ONLY',
        'the journal cannot be written',
        'check the permissions of the state folder and whether its disk is mounted read-only',
      ]);
    case SQLITE.corrupt:
    case SQLITE.notDatabase:
      return broken(cause, ['JOURNAL_CORRUPT', `the journal is damaged: ${text}`, 'restore journal.db from a backup; keep the damaged file']);
    case SQLITE.busy:
      return new SlipwayError('JOURNAL_BUSY', 'another process kept the journal locked for 10 s', {
        cause,
        retry: 'afterBackoff',
        hint: 'try again; look for a stuck slipway process',
      });
    case SQLITE.cannotOpen:
    case SQLITE.ioError:
    default:
      return broken(cause, ['JOURNAL_IO', `the journal cannot be used: ${text}`, 'check the disk that holds the state folder']);
  }
}

function broken(cause: unknown, [code, message, hint]: readonly [string, string, string]): SlipwayError {
  return new SlipwayError(code, message, { cause, retry: 'pauseForHuman', hint });
}

/** Is it the store that cannot be written, whatever is written? */
export function isOfStore(cause: unknown): boolean {
  return cause instanceof SlipwayError && STORE.has(cause.code);
}
const STORE = new Set(['JOURNAL_FULL', 'JOURNAL_READ_ONLY', 'JOURNAL_CORRUPT', 'JOURNAL_BUSY', 'JOURNAL_IO']);

const SYSTEM: { readonly [code: string]: number } = {
  ENOSPC: SQLITE.full,
  EDQUOT: SQLITE.full,
  EROFS: SQLITE.readOnly,
  EACCES: SQLITE.readOnly,
  EPERM: SQLITE.readOnly,
  ENOTDIR: SQLITE.cannotOpen,
  EIO: SQLITE.ioError,
};

function sqliteCode(cause: unknown): number | undefined {
  const found = memberOf(cause, 'errcode');
  if (typeof found === 'number') return found & 0xff;
  return SYSTEM[String(memberOf(cause, 'code'))];
}

export function newerSchema(found: number, known: number): SlipwayError {
  return new SlipwayError('JOURNAL_NEWER', `the journal has schema ${found} and this slipway knows up to ${known}`, {
    hint: 'use the newer slipway that wrote it',
  });
}

export function fenced(runId: string, token: number): SlipwayError {
  return new SlipwayError('JOURNAL_FENCED', `another process has taken over ${runId} (this one holds lease ${token})`, {
    hint: 'nothing to do here; the other process drives the run',
  });
}

export function noRun(runId: string): SlipwayError {
  return new SlipwayError('RUN_NOT_FOUND', `there is no run "${runId}"`, { exitCode: 6, hint: 'run "slipway runs" to see them' });
}

export function damaged(what: string, cause?: unknown): SlipwayError {
  return broken(cause, ['JOURNAL_CORRUPT', what, 'restore the state folder from a backup; keep the damaged one']);
}

function memberOf(value: unknown, key: string): unknown {
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
