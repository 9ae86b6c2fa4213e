/**
 * What the journal costs: events a second, one after another and 50 at once, each durable (fsync) when it is told, in SQLite and in a real PostgreSQL, against
 * plain statements of node:sqlite and pg that write the same bytes in the same run, as many to a transaction; and how long the journal of a run of 10,000 steps
 * takes to read and to replay. Prints one JSON line each; exit code 1 when the replay misses its limits.
 *
 * node bench/journal.ts
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import pg from 'pg';
import { Secret, systemClock } from '../src/core/index.ts';
import { type Journal, type Lease, openJournal, openPostgresJournal } from '../src/journal/index.ts';
import { startPostgres, whyNoPostgres } from '../test/support/postgres.ts';

interface Body {
  readonly type: string;
  readonly path: string;
  readonly attempt: number;
  readonly text: string;
}
const RUN_ID = 'run-20261123-0000000000';
const SEQUENTIAL = 300;
const CONCURRENT = 5_000;
const AT_ONCE = 50;
const STEPS = 10_000;
const LIMIT_REPLAY_MS = 1_000;
const LIMIT_REPLAY_MIB = 200;

const bodyOf = (n: number): Body => ({ type: 'stepFinished', path: `phase/step${n}`, attempt: 1, text: 'x'.repeat(200) });
const round = (value: number): number => Math.round(value * 10) / 10;
const say = (line: object): void => void process.stdout.write(`${JSON.stringify({ bench: 'journal', ...line })}\n`);

/** Do something `count` times, `atOnce` at a time; times a second. */
async function rate(count: number, atOnce: number, once: (n: number) => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < count) await once(next++);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return (count * 1_000) / (performance.now() - startedAt);
}

async function ready(journal: Journal<Body>): Promise<Lease> {
  await journal.create({ id: RUN_ID, runbook: 'bench', planDigest: 'sha256:b', createdAt: 1, rehearsal: false, labels: {} }, bodyOf(0));
  const lease = await journal.acquire(RUN_ID, 'bench:1', 600_000);
  if ('heldBy' in lease) throw new Error('held');
  return lease;
}

async function measured(
  store: string,
  journal: Journal<Body>,
  peer: { readonly one: (text: string) => Promise<unknown>; readonly many: (texts: readonly string[]) => Promise<unknown> },
) {
  const lease = await ready(journal);
  const append = (n: number) => journal.append(RUN_ID, [bodyOf(n)], lease);
  const text = JSON.stringify(bodyOf(1));
  const sequential = await rate(SEQUENTIAL, 1, append);
  const peerSequential = await rate(SEQUENTIAL, 1, () => peer.one(text));
  say({ store, atOnce: 1, appendsPerSecond: round(sequential), plainPerSecond: round(peerSequential), ratioToPlain: round(peerSequential / sequential) });
  const concurrent = await rate(CONCURRENT, AT_ONCE, append);
  const texts = Array.from({ length: AT_ONCE }, () => text);
  const peerConcurrent = AT_ONCE * (await rate(CONCURRENT / AT_ONCE, 1, () => peer.many(texts)));
  say({ store, atOnce: AT_ONCE, appendsPerSecond: round(concurrent), plainPerSecond: round(peerConcurrent), ratioToPlain: round(peerConcurrent / concurrent) });
}

async function sqlite(dir: string): Promise<void> {
  await using journal = openJournal<Body>({ dir, clock: systemClock });
  const database = new DatabaseSync(join(dir, 'plain.db'));
  database.exec(
    'PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA fullfsync = ON; CREATE TABLE events (seq INTEGER PRIMARY KEY, body TEXT NOT NULL)',
  );
  const insert = database.prepare('INSERT INTO events (body) VALUES (?)');
  const many = async (texts: readonly string[]): Promise<void> => {
    database.exec('BEGIN IMMEDIATE');
    for (const text of texts) insert.run(text);
    database.exec('COMMIT');
    await new Promise((tick) => setImmediate(tick));
  };
  await measured('SQLite', journal, { one: (text) => many([text]), many });
  database.close();
}

async function postgres(): Promise<void> {
  await using server = await startPostgres({ settings: { fsync: 'on' } });
  const connection = server.connection();
  await using journal = await openPostgresJournal<Body>({ connection, clock: systemClock, vaultKey: { from: 'setting', key: new Secret('0'.repeat(64)) } });
  const client = new pg.Client({ ...connection, ssl: false, password: connection.password?.reveal() });
  await client.connect();
  await client.query('CREATE TABLE slipway.plain (seq BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, body TEXT NOT NULL)');
  const insert = (values: readonly unknown[]) =>
    client.query({ name: 'plain', text: 'INSERT INTO slipway.plain (body) SELECT unnest($1::text[])', values: [values] });
  await measured('PostgreSQL', journal, { one: (text) => insert([text]), many: insert });
  await client.end();
}

/** In a process of its own, whose memory is only this. */
function replay(dir: string): void {
  const said = execFileSync(process.execPath, [join(import.meta.dirname, 'replay', 'child.ts'), dir, RUN_ID], { encoding: 'utf8' });
  const { events, readMs, evolveMs, peakMib } = JSON.parse(said) as {
    readonly events: number;
    readonly readMs: number;
    readonly evolveMs: number;
    readonly peakMib: number;
  };
  const ms = readMs + evolveMs;
  say({
    replay: STEPS,
    events,
    readMs: round(readMs),
    evolveMs: round(evolveMs),
    limitMs: LIMIT_REPLAY_MS,
    peakMib: round(peakMib),
    limitMib: LIMIT_REPLAY_MIB,
  });
  if (ms > LIMIT_REPLAY_MS || peakMib > LIMIT_REPLAY_MIB) process.exitCode = 1;
}

const dir = mkdtempSync(join(tmpdir(), 'slipway-bench-'));
try {
  await sqlite(join(dir, 'sqlite'));
  const missing = whyNoPostgres();
  if (missing === undefined) await postgres();
  else say({ store: 'PostgreSQL', skipped: missing });
  execFileSync(process.execPath, [join(import.meta.dirname, 'replay', 'write.ts'), join(dir, 'replay'), RUN_ID, String(STEPS)]);
  replay(join(dir, 'replay'));
} finally {
  rmSync(dir, { recursive: true, force: true });
}
