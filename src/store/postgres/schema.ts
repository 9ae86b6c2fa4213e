import type { Migration } from '../../journal/index.ts';

/** Tables of the store, beside those of the journal. Names are compared byte by byte, as SQLite does, whatever the database's own order is. */
export const STORE_SCHEMA: readonly Migration[] = [
  {
    breaks: true,
    sql: `
  CREATE SEQUENCE document_versions AS BIGINT;
  CREATE TABLE documents (
    collection TEXT NOT NULL COLLATE "C",
    key TEXT NOT NULL COLLATE "C",
    value TEXT NOT NULL,
    version BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (collection, key)
  );
  CREATE SEQUENCE job_positions AS BIGINT;
  CREATE TABLE jobs (
    queue TEXT NOT NULL COLLATE "C",
    id TEXT NOT NULL COLLATE "C",
    position BIGINT NOT NULL DEFAULT nextval('job_positions'),
    order_key TEXT COLLATE "C",
    payload TEXT NOT NULL,
    state TEXT NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    max_attempts INTEGER NOT NULL,
    enqueued_at BIGINT NOT NULL,
    not_before BIGINT NOT NULL,
    claim_owner TEXT,
    claim_token INTEGER NOT NULL DEFAULT 0,
    claim_mark TEXT,
    claim_expires BIGINT,
    reason TEXT,
    outcome TEXT,
    ended_at BIGINT,
    PRIMARY KEY (queue, id)
  ) WITH (fillfactor = 80);
  CREATE INDEX jobs_open ON jobs (queue, position) WHERE state IN ('ready', 'claimed');
  CREATE INDEX jobs_of_key ON jobs (queue, order_key, position) WHERE state IN ('ready', 'claimed');
  CREATE INDEX jobs_ended ON jobs (ended_at) WHERE state = 'done';
  CREATE TABLE locks (
    name TEXT PRIMARY KEY COLLATE "C",
    token INTEGER NOT NULL,
    holder TEXT,
    run_id TEXT,
    since BIGINT,
    expires BIGINT
  );
  CREATE TABLE lock_waiters (
    name TEXT NOT NULL COLLATE "C" REFERENCES locks (name),
    position BIGINT GENERATED ALWAYS AS IDENTITY,
    holder TEXT NOT NULL,
    run_id TEXT NOT NULL,
    since BIGINT NOT NULL,
    expires BIGINT NOT NULL,
    PRIMARY KEY (name, holder, run_id)
  );
  CREATE TABLE audit (
    seq INTEGER PRIMARY KEY,
    at BIGINT NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    object TEXT NOT NULL,
    details TEXT NOT NULL,
    prev TEXT NOT NULL,
    hash TEXT NOT NULL
  );
  CREATE TABLE audit_head (one BOOLEAN PRIMARY KEY DEFAULT TRUE CHECK (one), seq INTEGER NOT NULL, hash TEXT NOT NULL);
  `,
  },
];

/** Milliseconds since the epoch by the clock of the database, the only one that all processes share. */
export const NOW = '(extract(epoch FROM clock_timestamp()) * 1000)::bigint';
