import { checkServerIdentity } from 'node:tls';
import type { ClientBase, Pool, PoolConfig } from 'pg';
import { randomText, type Secret, SlipwayError } from '../../core/index.ts';

/** Where a PostgreSQL is, and how to get in. */
export interface PostgresConnection {
  /** Name, address, or the folder of a Unix socket. */
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
  readonly password?: Secret;
  readonly tls: TlsSettings;
  /** Schema that holds our tables; made when missing. */
  readonly schema: string;
}
export interface TlsSettings {
  /** `off` is plain text; `encrypt` trusts any certificate, `authority` one of the authority for any name, `full` one for this host. */
  readonly mode: 'off' | 'encrypt' | 'authority' | 'full';
  /** PEM texts: the authority instead of the system's, and what we show of ourselves. */
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: Secret;
}

const CONNECT_MS = 5_000;
const ANSWER_MS = 25_000;
/** Of the time to wait for an answer: how long a statement waits for a lock, and how long it may take, so that the server says so before we give it up. */
const LOCK_SHARE = 0.4;
const STATEMENT_SHARE = 0.8;
const MOST_CONNECTIONS = 8;

/**
 * What every session of ours is set to. A server whose commits do not wait for the disk would break what we promise, so that they do is set here;
 * stricter settings (replicas that confirm) stay as they are. A session that died in the middle must not hold its locks for long.
 */
const ON_CONNECT = `SELECT set_config('search_path', $1, false), set_config('application_name', $2, false),
  set_config('lock_timeout', $3, false), set_config('statement_timeout', $4, false), set_config('idle_in_transaction_session_timeout', $4, false),
  set_config('timezone', 'UTC', false),
  CASE WHEN current_setting('synchronous_commit') = 'off' THEN set_config('synchronous_commit', 'on', false) END`;

const names = new WeakMap<ClientBase, string>();

/** The name under which the server knows this session; no other session ever has it. */
export function sessionOf(client: ClientBase): string {
  return names.get(client) ?? '';
}

/**
 * Connections to the database, made when they are needed.
 *
 * @param answerMs a statement without an answer for so long is taken for lost.
 * @throws {SlipwayError} `PG_MISSING` when the package pg is not installed.
 */
export async function openPool(connection: PostgresConnection, answerMs = ANSWER_MS): Promise<Pool> {
  const { default: pg } = await import('pg').catch((cause: unknown) => {
    throw new SlipwayError('PG_MISSING', 'the package pg is not installed, and a PostgreSQL journal needs it', { cause, hint: 'npm install pg' });
  });
  const pool = new pg.Pool(poolConfig(connection, answerMs));
  // The loss of a session is told to whoever waits for a statement; as an event that nobody hears, it would end the process.
  pool.on('connect', (client) => void client.on('error', () => undefined));
  pool.on('error', () => undefined);
  return pool;
}

function poolConfig(connection: PostgresConnection, answerMs: number): PoolConfig {
  const { host, port, database, user, password } = connection;
  return {
    ...{ host, port, database, user, ssl: sslOf(connection) },
    ...(password === undefined ? {} : { password: password.reveal() }),
    max: MOST_CONNECTIONS,
    connectionTimeoutMillis: CONNECT_MS,
    query_timeout: answerMs,
    // Statements of a transaction that do not wait for each other share a round trip.
    pipeline: true,
    keepAlive: true,
    keepAliveInitialDelayMillis: CONNECT_MS,
    allowExitOnIdle: true,
    // oxlint-disable-next-line promise/no-callback-in-promise -- the pool speaks callbacks
    verify: (client, done) => void setUp(client, connection.schema, answerMs).then(() => done(), done),
  };
}

async function setUp(client: ClientBase, schema: string, answerMs: number): Promise<void> {
  const name = `slipway ${randomText(16)}`;
  await client.query(ON_CONNECT, [schema, name, ...[LOCK_SHARE, STATEMENT_SHARE].map((share) => `${Math.ceil(answerMs * share)}ms`)]);
  names.set(client, name);
}

function sslOf({ tls, host }: PostgresConnection): PoolConfig['ssl'] {
  if (tls.mode === 'off') return false;
  return {
    rejectUnauthorized: tls.mode !== 'encrypt',
    // The client itself would compare with "localhost" when the host is an address.
    checkServerIdentity: (_name, certificate) => (tls.mode === 'full' ? checkServerIdentity(host, certificate) : undefined),
    ...(tls.ca === undefined ? {} : { ca: tls.ca }),
    ...(tls.cert === undefined ? {} : { cert: tls.cert }),
    ...(tls.key === undefined ? {} : { key: tls.key.reveal() }),
  };
}
