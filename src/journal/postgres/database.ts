import { EventEmitter } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import type { Pool, PoolClient } from 'pg';
import type { Clock } from '../../core/index.ts';
import type { Row } from '../rows.ts';
import { openPool, type PostgresConnection, sessionOf } from './connect.ts';
import { isLost, isPassing, journalError, unknownOutcome } from './errors.ts';

export interface DatabaseOptions {
  readonly connection: PostgresConnection;
  readonly clock: Clock;
  /** For tests: called before and after each durable write with its name. */
  readonly onBoundary?: (name: string) => void;
  /** Is the process that this lease owner names dead for certain? Then its lease may be taken before it expires. */
  readonly isDead?: (owner: string) => boolean;
  /** How long to wait for a database that has gone away, in milliseconds; 20,000 unless told. */
  readonly patienceMs?: number;
  /** How long to wait for an answer before the connection is taken for lost, in milliseconds; 25,000 unless told. */
  readonly answerMs?: number;
}
/** The open database and what its parts share. */
export interface Database {
  readonly pool: Pool;
  readonly clock: Clock;
  readonly boundary: (name: string) => void;
  readonly isDead: (owner: string) => boolean;
  /** Schema of our tables; also tells our notifications from those of another journal in the same database. */
  readonly schema: string;
  readonly patienceMs: number;
  /** Emits `written` with the id of a run after this process wrote events of it. */
  readonly events: EventEmitter;
  /** Aborted when the journal is closed. */
  readonly closed: AbortController;
}
/** One statement in a transaction. */
export type Ask = (sql: string, values?: readonly unknown[]) => Promise<readonly Row[]>;

const PATIENCE_MS = 20_000;
const FIRST_PAUSE_MS = 20;
const LONGEST_PAUSE_MS = 1_000;

export async function openDatabase(options: DatabaseOptions): Promise<Database> {
  const events = new EventEmitter();
  events.setMaxListeners(0);
  return {
    pool: await openPool(options.connection, options.answerMs),
    clock: options.clock,
    boundary: options.onBoundary ?? (() => undefined),
    isDead: options.isDead ?? (() => false),
    schema: options.connection.schema,
    patienceMs: options.patienceMs ?? PATIENCE_MS,
    events,
    closed: new AbortController(),
  };
}

export async function closeDatabase(database: Database): Promise<void> {
  if (database.closed.signal.aborted) return;
  database.closed.abort();
  await database.pool.end();
}

/** Read with one statement; made again on another connection when the database went away for a moment. */
export async function query(database: Database, sql: string, values: readonly unknown[] = []): Promise<readonly Row[]> {
  return patiently(database, () => withClient(database, (client) => askOn(client)(sql, values)));
}

/** Write with one statement that may be made twice, because it says what shall be; durable when it resolves. */
export async function change(database: Database, name: string, [sql, ...values]: readonly [sql: string, ...values: unknown[]]): Promise<readonly Row[]> {
  return surely(database, name, {
    perform: async (client) => {
      try {
        return await askOn(client)(sql, values);
      } catch (cause) {
        throw isLost(cause) ? new InDoubt({ session: sessionOf(client) }, cause) : cause;
      }
    },
    wasKept: async () => false,
  });
}

/** A transaction, and how to find out later what became of it. */
export interface Work<T> {
  /** What it does; made again from the start when it came to nothing. What `last` is given is sent together with COMMIT, and saves a round trip. */
  readonly work: (ask: Ask, last: (sql: string, values: readonly unknown[]) => void) => Promise<T>;
  /** Asked when the connection was lost after COMMIT was sent: did this result stay? */
  readonly wasKept: (ask: Ask, result: T) => Promise<boolean>;
}

/** Did a transaction take effect? Asked by its number, `txid_current()`, where what it wrote may have been changed again since. */
export async function didCommit(ask: Ask, xid: unknown): Promise<boolean> {
  const [row] = await ask('SELECT txid_status($1::bigint) AS status', [xid]);
  return row?.['status'] === 'committed';
}

/** Run in one transaction, durable when it resolves. */
export async function transact<T>(database: Database, name: string, { work, wasKept }: Work<T>): Promise<T> {
  return surely(database, name, { perform: (client) => inTransaction(client, work), wasKept });
}

/** A write whose end was not seen. */
interface Doubt<T> {
  readonly session: string;
  /** Present when COMMIT was sent. */
  readonly outcome?: { readonly result: T };
}
class InDoubt<T> extends Error {
  readonly doubt: Doubt<T>;
  constructor(doubt: Doubt<T>, cause: unknown) {
    super('the connection was lost during a write', { cause });
    this.doubt = doubt;
  }
}

/**
 * Write once, also when the connection is lost meanwhile: the session that had it is ended on the server first, so that nothing of it can still happen;
 * then the database says whether its commit took effect, and only if not is the write made again.
 */
async function surely<T>(
  database: Database,
  name: string,
  { perform, wasKept }: { readonly perform: (client: PoolClient) => Promise<T>; readonly wasKept: Work<T>['wasKept'] },
): Promise<T> {
  database.boundary(`before ${name}`);
  let doubt: Doubt<T> | undefined;
  const attempt = async (): Promise<T> => {
    if (doubt) {
      await endSession(database, doubt.session);
      const { outcome } = doubt;
      if (outcome && (await withClient(database, (client) => wasKept(askOn(client), outcome.result)))) return outcome.result;
      doubt = undefined;
    }
    return withClient(database, perform);
  };
  try {
    const result = await patiently(database, attempt, (cause) => {
      if (cause instanceof InDoubt) doubt = cause.doubt as Doubt<T>; // thrown by the attempt above, whose result is a T
    });
    database.boundary(`after ${name}`);
    return result;
  } catch (cause) {
    throw doubt?.outcome ? unknownOutcome(name, cause) : cause;
  }
}

async function inTransaction<T>(client: PoolClient, work: Work<T>['work']): Promise<T> {
  let outcome: { readonly result: T } | undefined;
  try {
    const ask = askOn(client);
    let last: readonly [sql: string, values: readonly unknown[]] | undefined;
    // Sent without waiting for the answer, and so is the first statement of the work.
    const begun = client.query('BEGIN');
    const [result] = await Promise.all([work(ask, (...statement) => void (last = statement)), begun]);
    outcome = { result };
    // When the last statement fails, the server takes COMMIT for ROLLBACK.
    await Promise.all([last && ask(...last), client.query('COMMIT')]);
    return result;
  } catch (cause) {
    if (isLost(cause)) throw new InDoubt({ session: sessionOf(client), ...(outcome ? { outcome } : {}) }, cause);
    // Not lost: the server has answered, and whatever was done in the transaction is undone.
    await client.query('ROLLBACK').catch((lost: unknown) => {
      throw new InDoubt({ session: sessionOf(client) }, lost);
    });
    throw cause;
  }
}

/** Statements with values are prepared once per session; all of them name their columns, so that a later column does not spoil them. */
function askOn(client: PoolClient): Ask {
  return async (sql, values) => (await client.query<Row>(values ? { name: nameOf(sql), text: sql, values: [...values] } : sql)).rows;
}

const statementNames = new Map<string, string>();
function nameOf(sql: string): string {
  const known = statementNames.get(sql) ?? `slipway_${statementNames.size + 1}`;
  statementNames.set(sql, known);
  return known;
}

/** With a connection, which is thrown away when it was lost. */
async function withClient<T>(database: Database, work: (client: PoolClient) => Promise<T>): Promise<T> {
  const client = await database.pool.connect();
  let lost: Error | undefined;
  try {
    return await work(client);
  } catch (cause) {
    if (cause instanceof InDoubt || isLost(cause)) lost = cause as Error; // both are errors
    throw cause;
  } finally {
    client.release(lost);
  }
}

/** Try until it goes well, as long as it fails for reasons that pass, and for as long as the database has patience. */
export async function patiently<T>(
  database: Pick<Database, 'patienceMs' | 'closed'>,
  attempt: () => Promise<T>,
  onFailure: (cause: unknown) => void = () => undefined,
): Promise<T> {
  const giveUpAt = performance.now() + database.patienceMs;
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
    try {
      return await attempt();
    } catch (thrown) {
      onFailure(thrown);
      const cause = thrown instanceof InDoubt ? thrown.cause : thrown;
      if (!isPassing(cause) || database.closed.signal.aborted || performance.now() + pause > giveUpAt) throw journalError(cause);
      await delay(pause, undefined, { signal: database.closed.signal }).catch(() => undefined); // closed: the next attempt says so
    }
  }
}

const END_SESSION = 'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1 AND usename = current_user';

/** Make sure that nothing of a session whose connection was lost can happen any more; it may not have noticed yet. */
async function endSession(database: Database, session: string): Promise<void> {
  while ((await withClient(database, (client) => askOn(client)(END_SESSION, [session]))).length > 0) await delay(FIRST_PAUSE_MS);
}
