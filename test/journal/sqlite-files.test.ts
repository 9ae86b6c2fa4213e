import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import fc from 'fast-check';
import { Secret } from '../../src/core/index.ts';
import { leaseOf, place, RUN } from './support.ts';

/** What only a journal in files has; what every store promises is in contract/. */
async function written(at: ReturnType<typeof place>) {
  const journal = at.open();
  await journal.create(RUN, { type: 'first', text: 'é "quoted"' });
  const lease = await leaseOf(journal);
  for (let n = 0; n < 3; n++) await journal.append(RUN.id, [{ type: 'x', n, text: 'some text' }], lease);
  return { journal, sql: new DatabaseSync(join(at.dir, 'journal.db')) };
}

test('any changed byte of any body is found, also one that makes it no text at all', async () => {
  await using at = place();
  const { journal, sql } = await written(at);
  const bodies = sql
    .prepare('SELECT seq, body FROM events ORDER BY seq')
    .all()
    .map((row) => ({ seq: Number(row['seq']), bytes: Buffer.from(String(row['body'])) }));
  const change = sql.prepare('UPDATE events SET body = CAST(? AS TEXT) WHERE seq = ?');
  await fc.assert(
    fc.asyncProperty(fc.nat(bodies.length - 1), fc.nat(), fc.integer({ min: 1, max: 255 }), async (which, where, by) => {
      const { seq = 0, bytes = Buffer.alloc(0) } = bodies[which] ?? {};
      const other = Buffer.from(bytes);
      const at = where % other.length;
      other[at] = (other[at] ?? 0) ^ by;
      change.run(other, seq);
      const verdict = await journal.verify(RUN.id);
      change.run(bytes, seq);
      assert.deepEqual([verdict.ok, 'seq' in verdict && verdict.seq], [false, seq]);
    }),
    { numRuns: 500 },
  );
  assert.equal((await journal.verify(RUN.id)).ok, true);
  sql.close();
});

test('the key of the vault is a file of the folder, and one that was replaced opens nothing', async () => {
  await using at = place();
  const { journal, sql } = await written(at);
  sql.close();
  const reference = await journal.seal(RUN.id, new Secret('correct horse battery staple'));
  const key = join(at.dir, 'vault.key');
  const bytes = readFileSync(key);
  for (const text of [bytes.toString('hex'), `${bytes.toString('base64')}\n`]) {
    writeFileSync(key, text);
    assert.equal((await at.open().unseal(reference)).reveal(), 'correct horse battery staple');
  }
  writeFileSync(key, Buffer.alloc(32));
  await assert.rejects(at.open().unseal(reference), { code: 'SECRET_UNREADABLE' });
  writeFileSync(key, 'short');
  await assert.rejects(at.open().unseal(reference), { code: 'VAULT_KEY' });
});

test('evidence is a file named by its digest, without drafts beside it, and refused when it was changed', async () => {
  await using at = place();
  const { journal, sql } = await written(at);
  sql.close();
  const digest = await journal.putEvidence(RUN.id, Buffer.from('a large result'));
  const hex = digest.slice(7);
  assert.deepEqual(readdirSync(join(at.dir, 'evidence', hex.slice(0, 2))), [hex], 'no draft is left');
  writeFileSync(join(at.dir, 'evidence', hex.slice(0, 2), hex), 'changed');
  await assert.rejects(journal.evidence(digest), { code: 'JOURNAL_CORRUPT' });
});

test('a state folder inside a repository keeps itself out of Git', async () => {
  await using at = place();
  at.open();
  assert.equal(readFileSync(join(at.dir, '.gitignore'), 'utf8'), '*\n');
});

test('the write-ahead log is cut back after a long read has let it grow', async () => {
  await using at = place();
  const { journal, sql } = await written(at);
  const lease = { runId: RUN.id, owner: 'a:1', token: 1 };
  const text = 'x'.repeat(60_000);
  const fill = (count: number) => Promise.all(Array.from({ length: count }, () => journal.append(RUN.id, [{ type: 'x', text }], lease)));
  const walBytes = (): number => statSync(join(at.dir, 'journal.db-wal')).size;
  sql.exec('BEGIN');
  sql.prepare('SELECT COUNT(*) FROM events').get();
  for (let n = 0; n < 8; n++) await fill(50);
  assert.ok(walBytes() > 20 * 1024 * 1024, String(walBytes()));
  sql.exec('COMMIT');
  sql.close();
  for (let n = 0; n < 3; n++) await fill(2);
  assert.ok(walBytes() <= 17 * 1024 * 1024, String(walBytes()));
  assert.equal((await journal.verify(RUN.id)).ok, true);
});

test('a database of Slipway 0.1 is brought up to date, and its own code could go on using it', async () => {
  await using at = place();
  const old = new DatabaseSync(join(at.dir, 'journal.db'));
  old.exec(JOURNAL_OF_0_1);
  old.close();
  const journal = at.open();
  await journal.create(RUN, { type: 'first' });
  await journal.seal(RUN.id, new Secret('a secret of ours'));
  await journal.append(RUN.id, [{ type: 'x' }], await leaseOf(journal));
  const sql = new DatabaseSync(join(at.dir, 'journal.db'));
  assert.equal(sql.prepare('PRAGMA user_version').get()?.['user_version'], 1, 'what 0.1 looks at');
  sql.exec(`UPDATE runs SET lease_owner = 'old:1', lease_token = 2, lease_expires = 9e15 WHERE lease_token = 1`);
  sql.close();
  assert.equal((await journal.verify(RUN.id)).ok, true);
  await assert.rejects(journal.append(RUN.id, [{ type: 'late' }], { runId: RUN.id, owner: 'a:1', token: 1 }), { code: 'JOURNAL_FENCED' });
});

/** The schema as it was released. */
const JOURNAL_OF_0_1 = `
  CREATE TABLE runs (id TEXT PRIMARY KEY, runbook TEXT NOT NULL, plan_digest TEXT NOT NULL, created_at INTEGER NOT NULL, concurrency_group TEXT,
    rehearsal INTEGER NOT NULL, labels TEXT NOT NULL, state TEXT NOT NULL, updated_at INTEGER NOT NULL, last_seq INTEGER NOT NULL, head TEXT NOT NULL,
    lease_owner TEXT, lease_token INTEGER NOT NULL DEFAULT 0, lease_expires INTEGER) STRICT;
  CREATE INDEX runs_by_time ON runs (created_at);
  CREATE INDEX runs_by_group ON runs (concurrency_group, created_at);
  CREATE TABLE events (run_id TEXT NOT NULL REFERENCES runs (id), seq INTEGER NOT NULL, at INTEGER NOT NULL, type TEXT NOT NULL, body TEXT NOT NULL,
    prev TEXT NOT NULL, hash TEXT NOT NULL, posted_id TEXT, PRIMARY KEY (run_id, seq)) STRICT, WITHOUT ROWID;
  CREATE UNIQUE INDEX events_by_posted_id ON events (run_id, posted_id) WHERE posted_id IS NOT NULL;
  CREATE TABLE logs (id INTEGER PRIMARY KEY, run_id TEXT NOT NULL, path TEXT NOT NULL, attempt INTEGER NOT NULL, at INTEGER NOT NULL, host TEXT,
    stream TEXT NOT NULL, text TEXT NOT NULL) STRICT;
  CREATE INDEX logs_by_run ON logs (run_id, id);
  CREATE TABLE secrets (id TEXT PRIMARY KEY, run_id TEXT NOT NULL, sealed BLOB NOT NULL) STRICT;
  CREATE TABLE evidence (digest TEXT NOT NULL, run_id TEXT NOT NULL, size INTEGER NOT NULL, at INTEGER NOT NULL, PRIMARY KEY (digest, run_id)) STRICT, WITHOUT ROWID;
  PRAGMA user_version = 1`;
