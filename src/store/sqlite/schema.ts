import type { Migration } from '../../journal/index.ts';

/** Tables of the store, beside those of the journal. */
export const STORE_SCHEMA: readonly Migration[] = [
  {
    breaks: true,
    sql: `
  CREATE TABLE document_versions (last INTEGER NOT NULL) STRICT;
  INSERT INTO document_versions VALUES (0);
  CREATE TABLE documents (
    collection TEXT NOT NULL,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    version INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (collection, key)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE jobs (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    queue TEXT NOT NULL,
    id TEXT NOT NULL,
    order_key TEXT,
    payload TEXT NOT NULL,
    state TEXT NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    max_attempts INTEGER NOT NULL,
    enqueued_at INTEGER NOT NULL,
    not_before INTEGER NOT NULL,
    claim_owner TEXT,
    claim_token INTEGER NOT NULL DEFAULT 0,
    claim_expires INTEGER,
    reason TEXT,
    outcome TEXT,
    ended_at INTEGER,
    UNIQUE (queue, id)
  ) STRICT;
  CREATE INDEX jobs_open ON jobs (queue, position) WHERE state IN ('ready', 'claimed');
  CREATE INDEX jobs_of_key ON jobs (queue, order_key, position) WHERE state IN ('ready', 'claimed');
  CREATE INDEX jobs_ended ON jobs (ended_at) WHERE state = 'done';
  CREATE TABLE locks (
    name TEXT PRIMARY KEY,
    token INTEGER NOT NULL,
    holder TEXT,
    run_id TEXT,
    since INTEGER,
    expires INTEGER
  ) STRICT;
  CREATE TABLE lock_waiters (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    holder TEXT NOT NULL,
    run_id TEXT NOT NULL,
    since INTEGER NOT NULL,
    expires INTEGER NOT NULL,
    UNIQUE (name, holder, run_id)
  ) STRICT;
  CREATE TABLE audit (
    seq INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    object TEXT NOT NULL,
    details TEXT NOT NULL,
    prev TEXT NOT NULL,
    hash TEXT NOT NULL
  ) STRICT;
  CREATE TABLE audit_head (seq INTEGER NOT NULL, hash TEXT NOT NULL) STRICT;
  `,
  },
  // Counting what is over, for metrics, reads an index and not every payload.
  { sql: `CREATE INDEX jobs_over ON jobs (queue, state) WHERE state IN ('done', 'dead')` },
];

/** After a backup was put in its place, whoever worked with the database before must not go on with what it had. */
export const STORE_FENCES = [
  { table: 'jobs', sql: `UPDATE jobs SET claim_token = claim_token + 1000000, claim_expires = CASE WHEN state = 'claimed' THEN 0 END` },
  { table: 'locks', sql: 'UPDATE locks SET token = token + 1000000, holder = NULL, run_id = NULL, since = NULL, expires = NULL' },
  { table: 'lock_waiters', sql: 'DELETE FROM lock_waiters' },
] as const;
