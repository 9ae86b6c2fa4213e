import { messageOf, SlipwayError } from '../../core/index.ts';
import { broken, memberOf } from '../errors.ts';

/** SQLSTATE codes and prefixes after which the same connection cannot be used any more. */
const LOST_STATES = ['08', '57P01', '57P02', '57P03', '57P05', '25P03'];
const LOST_SYSTEM = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH', 'ENOENT', 'EAI_AGAIN', 'ENOTFOUND']);
/** What the client says without a code. */
const LOST_WORDS = /^(?:Connection terminated|timeout expired|timeout exceeded|Query read timeout|Client (?:has encountered|was closed))/;
/** The transaction was undone for certain, and may go well when it is made again: serialization, deadlock, evidence that was just taken away, too many connections. */
const AGAIN = new Set(['40001', '40P01', '23503', '53300']);

/** Is the connection gone? Then what it was about to do may have been done or not. */
export function isLost(cause: unknown): boolean {
  const code = codeOf(cause);
  if (LOST_SYSTEM.has(code)) return true;
  if (isState(code)) return LOST_STATES.some((start) => code.startsWith(start));
  return LOST_WORDS.test(messageOf(cause));
}

/** May it go well in a moment? */
export function isPassing(cause: unknown): boolean {
  return isLost(cause) || AGAIN.has(codeOf(cause));
}

/** An error of PostgreSQL, or of the way to it, in our words. */
export function journalError(cause: unknown): unknown {
  if (cause instanceof SlipwayError) return cause;
  const code = codeOf(cause);
  const text = messageOf(cause);
  const known = KNOWN.find(([pattern]) => pattern.test(code));
  if (known) return broken(cause, [known[1], known[2](text), known[3]]);
  if (/^(?:55P03|57014)$/.test(code))
    return new SlipwayError('JOURNAL_BUSY', `the database kept this waiting for too long: ${text}`, {
      cause,
      retry: 'afterBackoff',
      hint: 'try again; look for sessions of slipway in pg_stat_activity that hold a lock',
    });
  if (/does not support SSL/.test(text))
    return broken(cause, [
      'JOURNAL_IO',
      'the database offers no encrypted connection',
      'turn "ssl" on there; sslmode=disable is for networks that nobody else is in',
    ]);
  // Mistakes of our own stay what they are.
  if (cause instanceof TypeError || cause instanceof RangeError || !(cause instanceof Error)) return cause;
  return broken(cause, ['JOURNAL_IO', `the database cannot be used: ${text}`, 'check that it runs and can be reached; then run "slipway resume <run>"']);
}

type Known = readonly [pattern: RegExp, code: string, words: (text: string) => string, hint: string];
const KNOWN: readonly Known[] = [
  [/^53100$/, 'JOURNAL_FULL', () => 'the disk of the database is full', 'free space, then run "slipway resume <run>"; nothing recorded is lost'],
  [
    /^25006$/,
    'JOURNAL_READ_ONLY',
    () => 'the database takes no writes',
    'is it a standby? set SLIPWAY_JOURNAL to the primary, or check default_transaction_read_only',
  ],
  [
    /^42501$/,
    'JOURNAL_READ_ONLY',
    (text) => `the database user lacks a right: ${text}`,
    'grant it to the user in SLIPWAY_JOURNAL (docs/journal.md has the list)',
  ],
  [
    /^(?:XX001|XX002|42P01|42703|58P01)$/,
    'JOURNAL_CORRUPT',
    (text) => `the journal is damaged: ${text}`,
    'restore the database from a backup; keep the damaged one',
  ],
  [/^28/, 'JOURNAL_IO', (text) => `the database does not let us in: ${text}`, 'check user and password in SLIPWAY_JOURNAL, and pg_hba.conf of the server'],
  [/^3D000$/, 'JOURNAL_IO', (text) => `the database cannot be used: ${text}`, 'make it with "createdb", or name another in SLIPWAY_JOURNAL'],
  [
    /CERT|SSL|TLS|SELF_SIGNED|UNABLE_TO_(?:VERIFY|GET)/,
    'JOURNAL_IO',
    (text) => `the certificate of the database is not trusted: ${text}`,
    'give the file of its authority as sslrootcert in SLIPWAY_JOURNAL',
  ],
];

/** Nobody could find out whether a commit took effect. */
export function unknownOutcome(name: string, cause: unknown): SlipwayError {
  return broken(cause, [
    'JOURNAL_IO',
    `the connection to the database was lost during "${name}", and it did not come back: whether that was recorded is not known`,
    'once the database is back, run "slipway resume <run>": it reads what was recorded',
  ]);
}

function codeOf(cause: unknown): string {
  const code = memberOf(cause, 'code');
  return typeof code === 'string' ? code : '';
}

function isState(code: string): boolean {
  return /^[0-9A-Z]{5}$/.test(code) && !LOST_SYSTEM.has(code);
}
