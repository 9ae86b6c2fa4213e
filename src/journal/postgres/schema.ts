import type { Migration } from '../migrations.ts';

/**
 * Tables of the journal in the schema on the search path. Column names are those of SQLite; text columns hold the canonical JSON whose bytes are
 * hashed, never `jsonb`, which would write it otherwise.
 */
export const JOURNAL_SCHEMA: readonly Migration[] = [
  {
    breaks: true,
    sql: `
  CREATE TABLE runs (
    id TEXT PRIMARY KEY,
    position BIGINT GENERATED ALWAYS AS IDENTITY UNIQUE,
    runbook TEXT NOT NULL,
    plan_digest TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    concurrency_group TEXT,
    rehearsal SMALLINT NOT NULL,
    labels TEXT NOT NULL,
    state TEXT NOT NULL,
    updated_at BIGINT NOT NULL,
    last_seq INTEGER NOT NULL,
    head TEXT NOT NULL,
    lease_owner TEXT,
    lease_token INTEGER NOT NULL DEFAULT 0,
    lease_expires BIGINT,
    lease_ttl BIGINT,
    lease_claim TEXT
  ) WITH (fillfactor = 70);
  CREATE INDEX runs_by_time ON runs (created_at DESC, position DESC);
  CREATE INDEX runs_by_group ON runs (concurrency_group, created_at);
  CREATE TABLE events (
    run_id TEXT NOT NULL REFERENCES runs (id),
    seq INTEGER NOT NULL,
    at BIGINT NOT NULL,
    type TEXT NOT NULL,
    body TEXT NOT NULL,
    prev TEXT NOT NULL,
    hash TEXT NOT NULL,
    posted_id TEXT,
    PRIMARY KEY (run_id, seq)
  );
  CREATE UNIQUE INDEX events_by_posted_id ON events (run_id, posted_id) WHERE posted_id IS NOT NULL;
  CREATE TABLE logs (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    run_id TEXT NOT NULL,
    path TEXT NOT NULL,
    attempt INTEGER NOT NULL,
    at BIGINT NOT NULL,
    host TEXT,
    stream TEXT NOT NULL,
    text TEXT NOT NULL,
    batch TEXT NOT NULL
  );
  CREATE INDEX logs_by_run ON logs (run_id, id);
  CREATE TABLE secrets (
    id TEXT PRIMARY KEY,
    run_id TEXT NOT NULL,
    sealed BYTEA NOT NULL
  );
  CREATE TABLE evidence (
    digest TEXT PRIMARY KEY,
    size INTEGER NOT NULL,
    at BIGINT NOT NULL,
    bytes BYTEA NOT NULL
  );
  ALTER TABLE evidence ALTER COLUMN bytes SET STORAGE EXTERNAL;
  CREATE TABLE evidence_runs (
    digest TEXT NOT NULL REFERENCES evidence (digest),
    run_id TEXT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (digest, run_id)
  );
  CREATE INDEX evidence_by_run ON evidence_runs (run_id);
  CREATE TABLE facts (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
  );
  `,
  },
];
