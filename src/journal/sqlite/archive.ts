import { join } from 'node:path';
import { canonicalJson } from '../../core/index.ts';
import { unchanged } from '../archive/families.ts';
import type { Archive, WholeRun } from '../archive/port.ts';
import { fateOf, wholeOf } from '../archive/rows.ts';
import { checkWhole, typeOf } from '../archive/whole.ts';
import { damaged, noRun, runExists } from '../errors.ts';
import { otherKey } from '../vault-key.ts';
import { closeDatabase, guarded, openFolder, prepared, type Store, transact } from './database.ts';
import { readEvidence, writeEvidence } from './evidence-files.ts';
import type { JournalOptions } from './open.ts';
import { reclaim } from './reclaim.ts';

const FATES = `SELECT id, state, updated_at, last_seq, head, labels, lease_owner IS NOT NULL AND lease_expires > ?1 AS driven FROM runs ORDER BY rowid`;
const SELECT_RUN = 'SELECT rowid AS position, * FROM runs WHERE id = ?';
const SELECT_EVENTS = 'SELECT seq, at, body, prev, hash, posted_id FROM events WHERE run_id = ? ORDER BY seq';
const SELECT_SECRETS = 'SELECT id, sealed FROM secrets WHERE run_id = ? ORDER BY id';
const SELECT_LOGS = 'SELECT * FROM logs WHERE run_id = ? ORDER BY id';
const SELECT_EVIDENCE = 'SELECT digest, at FROM evidence WHERE run_id = ? ORDER BY digest';
const INSERT_RUN = `INSERT INTO runs (id, runbook, plan_digest, created_at, concurrency_group, rehearsal, labels, state, updated_at, last_seq, head, lease_token)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;
const INSERT_EVENT = 'INSERT INTO events (run_id, seq, at, type, body, prev, hash, posted_id) VALUES (?, ?, ?, ?, ?, ?, ?, ?)';
const INSERT_SECRET = 'INSERT OR REPLACE INTO secrets (id, run_id, sealed) VALUES (?, ?, ?)';
const INSERT_LOG = 'INSERT INTO logs (run_id, path, attempt, at, host, stream, text) VALUES (?, ?, ?, ?, ?, ?, ?)';
const INSERT_EVIDENCE = 'INSERT OR IGNORE INTO evidence (digest, run_id, size, at) VALUES (?, ?, ?, ?)';
const SELECT_KEY = `SELECT value FROM facts WHERE name = 'vault key'`;
const CLAIM_KEY = `INSERT OR IGNORE INTO facts (name, value) VALUES ('vault key', ?)`;
const REMOVE = ['events', 'logs', 'secrets'].map((table) => `DELETE FROM ${table} WHERE run_id = ?`);
const REMOVE_EVIDENCE = 'DELETE FROM evidence WHERE run_id = ?';
const REMOVE_RUN = 'DELETE FROM runs WHERE id = ?';

/** Open the archive of a state folder. @throws {SlipwayError} as opening its journal does. */
export function openSqliteArchive(options: Pick<JournalOptions, 'dir' | 'clock' | 'onBoundary' | 'isDead'>): Archive {
  const store = openFolder(options.dir, options);
  const evidenceDir = join(options.dir, 'evidence');
  const [claim, key] = [prepared(store, CLAIM_KEY), prepared(store, SELECT_KEY)];
  const vaultKey = (): string | undefined => {
    const row = key.get();
    return row && String(row['value']);
  };
  const fates = prepared(store, FATES);
  return {
    runs: async () => fates.all(store.clock.now()).map(fateOf),
    remove: remover(store),
    reclaim: async () => reclaim(store, evidenceDir),
    take: taker(store, evidenceDir),
    put: putter(store, evidenceDir),
    vaultKey: async () => vaultKey(),
    claimVaultKey: async (fingerprint) => {
      transact(store, 'vault key', () => claim.run(fingerprint));
      const known = vaultKey() ?? fingerprint;
      if (known !== fingerprint) throw otherKey(known, fingerprint);
    },
    [Symbol.asyncDispose]: async () => closeDatabase(store),
  };
}

function remover(store: Store): Archive['remove'] {
  const fates = prepared(store, FATES);
  const removals = REMOVE.map((sql) => prepared(store, sql));
  const [removeEvidence, removeRun] = [prepared(store, REMOVE_EVIDENCE), prepared(store, REMOVE_RUN)];
  return async (families, { keepEvidence }) =>
    transact(store, 'prune', () => {
      const removable = unchanged(families, fates.all(store.clock.now()).map(fateOf));
      for (const { id } of removable.flat()) {
        for (const removal of removals) removal.run(id);
        if (!keepEvidence) removeEvidence.run(id);
        removeRun.run(id);
      }
      return removable;
    });
}

function taker(store: Store, evidenceDir: string): Archive['take'] {
  const [run, events, secrets, logs, evidence] = [SELECT_RUN, SELECT_EVENTS, SELECT_SECRETS, SELECT_LOGS, SELECT_EVIDENCE].map((sql) => prepared(store, sql));
  return async (runId) =>
    transact(store, 'take', () => {
      const row = run?.get(runId);
      if (!row) throw noRun(runId);
      const whole = wholeOf(row, { events: events?.all(runId) ?? [], secrets: secrets?.all(runId) ?? [], logs: logs?.all(runId) ?? [] });
      const pieces = (evidence?.all(runId) ?? []).map((piece) => {
        const digest: WholeRun['evidence'][number]['digest'] = `sha256:${String(piece['digest']).slice('sha256:'.length)}`;
        const bytes = readEvidence(evidenceDir, digest);
        if (!bytes) throw damaged(`the evidence ${digest} of ${runId} is not there`);
        return { digest, at: Number(piece['at']), bytes };
      });
      return { ...whole, evidence: pieces };
    });
}

function putter(store: Store, evidenceDir: string): Archive['put'] {
  const find = prepared(store, SELECT_RUN);
  const [insertRun, insertEvent, insertSecret] = [prepared(store, INSERT_RUN), prepared(store, INSERT_EVENT), prepared(store, INSERT_SECRET)];
  const [insertLog, insertEvidence] = [prepared(store, INSERT_LOG), prepared(store, INSERT_EVIDENCE)];
  return async (whole) => {
    checkWhole(whole);
    const { run, events, secrets, logs, evidence } = whole;
    const write = (): void => guarded(() => evidence.forEach(({ digest, bytes }) => writeEvidence(evidenceDir, digest, bytes)));
    write();
    const isNew = transact(store, 'import', () => {
      const found = find.get(run.id);
      if (found && found['head'] !== run.head) throw runExists(run.id);
      if (found) return false;
      const { id, runbook, planDigest, createdAt, concurrencyGroup = null, rehearsal, labels, state, updatedAt, head, leaseToken } = run;
      const group = concurrencyGroup;
      insertRun.run(id, runbook, planDigest, createdAt, group, rehearsal ? 1 : 0, JSON.stringify(labels), state, updatedAt, events.length, head, leaseToken);
      for (const event of events)
        insertEvent.run(id, event.seq, event.at, typeOf(event), canonicalJson(event.body), event.prev, event.hash, event.postedId ?? null);
      for (const secret of secrets) insertSecret.run(secret.id, id, secret.sealed);
      for (const { path, attempt, at, host, stream, text } of logs) insertLog.run(id, path, attempt, at, host ?? null, stream, text);
      for (const { digest, at, bytes } of evidence) insertEvidence.run(digest, id, bytes.length, at);
      return true;
    });
    write(); // from the rows on the files stay; before, whoever prunes may have taken them away
    return isNew;
  };
}
