import type { Migration } from '../migrations.ts';

/** Tables of the journal. */
export const JOURNAL_SCHEMA: readonly Migration[] = [
  {
    breaks: true,
    sql: `
  CREATE TABLE runs (
    id TEXT PRIMARY KEY,
    runbook TEXT NOT NULL,
    plan_digest TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    concurrency_group TEXT,
    rehearsal INTEGER NOT NULL,
    labels TEXT NOT NULL,
    state TEXT NOT NULL,
    updated_at INTEGER NOT NULL,
    last_seq INTEGER NOT NULL,
    head TEXT NOT NULL,
    lease_owner TEXT,
    lease_token INTEGER NOT NULL DEFAULT 0,
    lease_expires INTEGER
  ) STRICT;
  CREATE INDEX runs_by_time ON runs (created_at);
  CREATE INDEX runs_by_group ON runs (concurrency_group, created_at);
  CREATE TABLE events (
    run_id TEXT NOT NULL REFERENCES runs (id),
    seq INTEGER NOT NULL,
    at INTEGER NOT NULL,
    type TEXT NOT NULL,
    body TEXT NOT NULL,
    prev TEXT NOT NULL,
    hash TEXT NOT NULL,
    posted_id TEXT,
    PRIMARY KEY (run_id, seq)
  ) STRICT, WITHOUT ROWID;
  CREATE UNIQUE INDEX events_by_posted_id ON events (run_id, posted_id) WHERE posted_id IS NOT NULL;
  CREATE TABLE logs (
    id INTEGER PRIMARY KEY,
    run_id TEXT NOT NULL,
    path TEXT NOT NULL,
    attempt INTEGER NOT NULL,
    at INTEGER NOT NULL,
    host TEXT,
    stream TEXT NOT NULL,
    text TEXT NOT NULL
  ) STRICT;
  CREATE INDEX logs_by_run ON logs (run_id, id);
  CREATE TABLE secrets (
    id TEXT PRIMARY KEY,
    run_id TEXT NOT NULL,
    sealed BLOB NOT NULL
  ) STRICT;
  CREATE TABLE evidence (
    digest TEXT NOT NULL,
    run_id TEXT NOT NULL,
    size INTEGER NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (digest, run_id)
  ) STRICT, WITHOUT ROWID;
  `,
  },
  { sql: 'CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT' },
  { sql: 'ALTER TABLE runs ADD COLUMN lease_ttl INTEGER' },
];
