import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { systemClock } from '../../src/core/index.ts';
import { type Journal, type Migration, openJournal, openPostgresJournal, postgres, sqlite } from '../../src/journal/index.ts';
import { JOURNAL_SCHEMA as JOURNAL_IN_POSTGRES } from '../../src/journal/postgres/schema.ts';
import { JOURNAL_SCHEMA as JOURNAL_IN_SQLITE } from '../../src/journal/sqlite/schema.ts';
import { openPostgresStore, openSqliteStore, type Store } from '../../src/store/index.ts';
import { STORE_SCHEMA as STORE_IN_POSTGRES } from '../../src/store/postgres/schema.ts';
import { STORE_SCHEMA as STORE_IN_SQLITE } from '../../src/store/sqlite/schema.ts';
import { type Body, RUN, VAULT_KEY } from '../journal/contract/place.ts';
import { startPostgres, whyNoPostgres } from '../support/postgres.ts';
import { type Ask, beginOlder, OLDER_RUN, workOlder } from './older.ts';

const missing = whyNoPostgres();
const server = missing === undefined ? await startPostgres() : undefined;
after(async () => server?.[Symbol.asyncDispose]());

const MADE = (database: string): string => readFileSync(join(import.meta.dirname, '..', 'fixtures', 'schema', `${database}-0.1.0.sql`), 'utf8');
const ROUNDS = 20;
/** A step that a next version may take, and one that it may not. */
const ADDS: Migration = { sql: 'ALTER TABLE jobs ADD COLUMN later TEXT; CREATE TABLE later (name TEXT PRIMARY KEY)' };
const BREAKS: Migration = { sql: 'DROP TABLE lock_waiters; CREATE TABLE other (name TEXT PRIMARY KEY)', breaks: true };

/** What is open of the newer version, and how it looks at the older one's rounds. */
interface Newer {
  readonly store: Store;
  readonly journal: Journal<Body>;
  /** Rounds of the older one that are durable, and what it last saw of us. */
  readonly older: () => { readonly rounds: number; readonly seen: string };
}

/** The newer version works beside the older one, and each sees what the other does. */
async function workBeside({ store, journal, older }: Newer): Promise<void> {
  await journal.create(RUN, { type: 'first' });
  const from = older().rounds;
  for (let n = 1; older().rounds < from + ROUNDS || !(Number(older().seen) > 1); n++) {
    await store.documents.put('newer', 'k', n);
    await store.queues.enqueue('newer', { id: `n${n}`, payload: n, orderKey: 'k' });
    const claim = await store.queues.claim('newer', 'w', 15_000);
    if (claim) await store.queues.finish(claim, true);
    await delay(2);
  }
}

async function checkBoth({ store, journal }: Newer, rounds: number): Promise<void> {
  const states = new Set((await store.queues.peek('older', { limit: 100_000 })).map(({ id, state }) => `${id} ${state}`));
  for (let n = 1; n <= rounds; n++) assert.ok(states.has(`j${n} done`), `job ${n} of the older one`);
  const { done, dead, ready } = (await store.queues.counts()).find(({ queue }) => queue === 'older') ?? {};
  assert.deepEqual([done, dead, ready], [states.size, 0, 0]);
  assert.equal((await store.documents.get('older', 'k'))?.value, states.size);
  const verified = await journal.verify(OLDER_RUN);
  assert.ok(verified.ok && verified.events >= rounds, JSON.stringify(verified));
  assert.equal((await journal.verify(RUN.id)).ok, true);
}

describe('a newer version beside an older one, on SQLite', () => {
  test('brings the tables up to date while the older one reads and writes', { timeout: 60_000 }, async () => {
    const dir = mkdtempSync(join(tmpdir(), 'slipway-upgrade-'));
    const file = join(dir, 'journal.db');
    const made = new DatabaseSync(file);
    made.exec(MADE('sqlite'));
    made.close();
    const child = spawn(process.execPath, [join(import.meta.dirname, 'older-child.ts'), file], { stdio: ['pipe', 'pipe', 'inherit'] });
    const ended = once(child, 'exit');
    try {
      let said = '';
      child.stdout.on('data', (bytes: Buffer) => (said += bytes.toString()));
      const older: Newer['older'] = () => {
        const [rounds = '0', seen = '-'] = (said.split('\n').at(-2) ?? '').split(' ');
        return { rounds: Number(rounds), seen };
      };
      while (older().rounds < ROUNDS && child.exitCode === null) await delay(5);
      await using store = openSqliteStore({ dir, clock: systemClock });
      await using journal = openJournal<Body>({ dir, clock: systemClock, vaultKey: VAULT_KEY });
      const newer = { store, journal, older };
      await Promise.race([workBeside(newer), ended.then(() => assert.fail('the older one stopped'))]);
      child.stdin.end();
      assert.deepEqual(await ended, [0, null]);
      await checkBoth(newer, older().rounds);
    } finally {
      child.kill('SIGKILL');
      rmSync(dir, { recursive: true, force: true });
    }
  });

  test('touches nothing when the older one could not go on, and says so', () => {
    const dir = mkdtempSync(join(tmpdir(), 'slipway-upgrade-'));
    const database = sqlite.open(dir, { clock: systemClock });
    try {
      sqlite.migrate(database, 'store', STORE_IN_SQLITE);
      const tables = () => database.database.prepare(`SELECT name, sql FROM sqlite_master ORDER BY name`).all();
      const before = tables();
      assert.throws(() => sqlite.migrate(database, 'store', [...STORE_IN_SQLITE, ADDS, BREAKS]), { code: 'JOURNAL_OLDER', message: /nothing was touched/ });
      assert.deepEqual(tables(), before);
      sqlite.migrate(database, 'store', [...STORE_IN_SQLITE, ADDS]);
      sqlite.migrate(database, 'store', STORE_IN_SQLITE); // the older one, started again
      assert.notDeepEqual(tables(), before);
    } finally {
      sqlite.close(database);
      rmSync(dir, { recursive: true, force: true });
    }
  });
});

describe('a newer version beside an older one, on PostgreSQL', { skip: missing ?? false }, () => {
  const connect = (schema: string) => server?.connection('postgres', schema) ?? assert.fail(missing);

  /** A backup keeps the table for longer than a step waits: those who come for it after are not held up, and the step is made once it is free. */
  const addBehindBackup = async (schema: string): Promise<void> => {
    const backup = server?.sql(`BEGIN; LOCK TABLE ${schema}.jobs IN ACCESS SHARE MODE; SELECT pg_sleep(2); COMMIT`);
    await delay(200);
    const next = await postgres.open({ connection: connect(schema), clock: systemClock });
    try {
      await postgres.migrate(next, 'store', [...STORE_IN_POSTGRES, ADDS]);
    } finally {
      await postgres.close(next);
    }
    await backup;
    const added = await server?.sql(
      `SELECT 1 FROM information_schema.columns WHERE table_schema = '${schema}' AND table_name = 'jobs' AND column_name = 'later'`,
    );
    assert.equal(added?.length, 1);
  };

  test('brings the tables up to date while the older one reads and writes', { timeout: 60_000 }, async () => {
    const { host, port, database, user, password, schema } = connect('upgrade_beside');
    const client = new pg.Client({ host, port, database, user, password: password?.reveal() });
    await client.connect();
    const ask: Ask = async (sql, values) => {
      let at = 0;
      return (
        await client.query<Record<string, unknown>>(
          sql.replaceAll('?', () => `$${++at}`),
          [...values],
        )
      ).rows;
    };
    const last = { rounds: 0, seen: '-' };
    let isOver = false;
    const work = async (): Promise<void> => {
      let head = await beginOlder(ask);
      for (let n = 1; !isOver; n++) {
        const round = await workOlder(ask, head, n);
        head = round.head;
        Object.assign(last, { rounds: n, seen: round.seen ?? '-' });
      }
    };
    try {
      await client.query(`CREATE SCHEMA ${schema}; SET search_path TO ${schema}; ${MADE('postgres')}`);
      const older = work();
      const ended = older.then(() => isOver || assert.fail('the older one stopped'));
      while (last.rounds < ROUNDS) await Promise.race([delay(5), ended]);
      await using store = await openPostgresStore({ connection: connect(schema), clock: systemClock });
      await using journal = await openPostgresJournal<Body>({ connection: connect(schema), clock: systemClock, vaultKey: VAULT_KEY });
      await addBehindBackup(schema);
      const newer = { store, journal, older: () => last };
      await Promise.race([workBeside(newer), ended]);
      isOver = true;
      await older;
      await checkBoth(newer, last.rounds);
    } finally {
      isOver = true;
      await client.end();
    }
  });

  test('touches nothing when the older one could not go on, and says so', async () => {
    const database = await postgres.open({ connection: connect('upgrade_refused'), clock: systemClock });
    try {
      await postgres.migrate(database, 'store', STORE_IN_POSTGRES);
      const columns = () => server?.sql(`SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'upgrade_refused' ORDER BY 1, 2`);
      const before = await columns();
      await assert.rejects(postgres.migrate(database, 'store', [...STORE_IN_POSTGRES, ADDS, BREAKS]), {
        code: 'JOURNAL_OLDER',
        message: /nothing was touched/,
      });
      assert.deepEqual(await columns(), before);
    } finally {
      await postgres.close(database);
    }
  });
});

describe('steps of a schema', () => {
  const schemas = { JOURNAL_IN_POSTGRES, JOURNAL_IN_SQLITE, STORE_IN_POSTGRES, STORE_IN_SQLITE };
  /** Whoever knows only the older tables writes rows without the new columns, and must not see the new tables. */
  const EXPANDS = /^(CREATE TABLE |CREATE INDEX |ALTER TABLE \w+ ADD COLUMN (?!.*NOT NULL(?!.*DEFAULT)))/;
  for (const [name, [, ...later]] of Object.entries(schemas))
    test(`only add after the first: ${name}`, () => {
      for (const { sql, breaks } of later) {
        assert.equal(breaks, undefined);
        for (const statement of sql.split(';')) assert.match(statement.trim() || 'CREATE TABLE ', EXPANDS);
      }
    });
});
