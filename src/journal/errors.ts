import { messageOf, SlipwayError } from '../core/index.ts';

const SQLITE = { busy: 5, readOnly: 8, ioError: 10, corrupt: 11, full: 13, cannotOpen: 14, notDatabase: 26 } as const;

/** An error of SQLite, or of the file system below it, in our words. */
export function journalError(cause: unknown): unknown {
  if (cause instanceof SlipwayError) return cause;
  const code = numberOf(cause, 'errcode');
  if (code === undefined) return cause;
  const text = messageOf(cause);
  switch (code & 0xff) {
    case SQLITE.full:
      return new SlipwayError('JOURNAL_FULL', 'the disk that holds the journal is full', {
        cause,
        retry: 'pauseForHuman',
        hint: 'free space, then run "slipway resume <run>"; nothing recorded is lost',
      });
    case SQLITE.readOnly:
      return new SlipwayError('JOURNAL_READ_ONLY', 'the journal cannot be written', {
        cause,
        retry: 'pauseForHuman',
        hint: 'check the permissions of the state folder and whether its disk is mounted read-only',
      });
    case SQLITE.corrupt:
    case SQLITE.notDatabase:
      return new SlipwayError('JOURNAL_CORRUPT', `the journal is damaged: ${text}`, {
        cause,
        retry: 'pauseForHuman',
        hint: 'restore journal.db from a backup; keep the damaged file',
      });
    case SQLITE.busy:
      return new SlipwayError('JOURNAL_BUSY', 'another process kept the journal locked for 10 s', {
        cause,
        retry: 'afterBackoff',
        hint: 'try again; look for a stuck slipway process',
      });
    case SQLITE.cannotOpen:
    case SQLITE.ioError:
    default:
      return new SlipwayError('JOURNAL_IO', `the journal cannot be used: ${text}`, {
        cause,
        retry: 'pauseForHuman',
        hint: 'check the disk that holds the state folder',
      });
  }
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

function numberOf(value: unknown, key: string): number | undefined {
  if (typeof value !== 'object' || value === null || !(key in value)) return undefined;
  const found: unknown = Reflect.get(value, key);
  return typeof found === 'number' ? found : undefined;
}
