import { messageOf, SlipwayError } from '../../core/index.ts';
import { broken, memberOf } from '../errors.ts';

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

/** Is it only this statement that was refused, for what it holds? Then the store is as good as before. */
export function isRefused(cause: unknown): boolean {
  const found = memberOf(cause instanceof SlipwayError ? cause.cause : cause, 'errcode');
  return typeof found === 'number' && REFUSED.has(found & 0xff);
}
/** SQLite's own numbers: constraint, mismatch, range. */
const REFUSED = new Set([19, 20, 25]);

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
