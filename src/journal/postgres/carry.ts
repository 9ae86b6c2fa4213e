import { canonicalJson, type Digest } from '../../core/index.ts';
import type { Archive, WholeRun } from '../archive/port.ts';
import { wholeOf } from '../archive/rows.ts';
import { checkWhole, typeOf } from '../archive/whole.ts';
import { noRun, runExists } from '../errors.ts';
import { type Ask, type Database, transact } from './database.ts';

/** All statements of one run see the same moment. */
const SNAPSHOT = 'SET TRANSACTION ISOLATION LEVEL REPEATABLE READ';
const SELECT_RUN = `SELECT id, position, runbook, plan_digest, created_at, concurrency_group, rehearsal, labels, state, updated_at, last_seq, head, lease_token FROM runs WHERE id = $1`;
const SELECT_EVENTS = 'SELECT seq, at, body, prev, hash, posted_id FROM events WHERE run_id = $1 ORDER BY seq';
const SELECT_SECRETS = 'SELECT id, sealed FROM secrets WHERE run_id = $1 ORDER BY id';
const SELECT_LOGS = 'SELECT id, run_id, path, attempt, at, host, stream, text FROM logs WHERE run_id = $1 ORDER BY id';
const SELECT_EVIDENCE = `SELECT evidence.digest, evidence_runs.at, evidence.bytes FROM evidence_runs JOIN evidence ON evidence.digest = evidence_runs.digest
  WHERE run_id = $1 ORDER BY digest`;
const IN_TURN = `SELECT pg_advisory_xact_lock(hashtextextended('slipway create ' || current_schema(), 0))`;
const INSERT_RUN = `INSERT INTO runs (id, runbook, plan_digest, created_at, concurrency_group, rehearsal, labels, state, updated_at, last_seq, head, lease_token)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`;
const INSERT_EVENTS = `INSERT INTO events (run_id, seq, at, type, body, prev, hash, posted_id)
  SELECT $1, * FROM unnest($2::int[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[])`;
const INSERT_SECRET = 'INSERT INTO secrets (id, run_id, sealed) VALUES ($1, $2, $3) ON CONFLICT (id) DO UPDATE SET sealed = excluded.sealed';
const INSERT_LOGS = `INSERT INTO logs (run_id, path, attempt, at, host, stream, text, batch)
  SELECT $1, path, attempt, at, host, stream, text, 'import' FROM unnest($2::text[], $3::int[], $4::bigint[], $5::text[], $6::text[], $7::text[])
  WITH ORDINALITY AS line (path, attempt, at, host, stream, text, n) ORDER BY n`;
const INSERT_EVIDENCE = 'INSERT INTO evidence (digest, size, at, bytes) VALUES ($1, $2, $3, $4) ON CONFLICT (digest) DO NOTHING';
const INSERT_EVIDENCE_RUN = 'INSERT INTO evidence_runs (digest, run_id, at) VALUES ($1, $2, $3) ON CONFLICT (digest, run_id) DO NOTHING';
/** Rows of one statement; a run of any length is imported in bounded pieces. */
const ROWS = 2_000;

/** Whole runs out of the database, and into it. */
export function createCarrier(database: Database): Pick<Archive, 'take' | 'put'> {
  return {
    take: (runId) => transact(database, 'take', { work: (ask) => take(ask, runId), wasKept: async () => true }),
    put: async (whole) => {
      checkWhole(whole);
      return transact(database, 'import', {
        work: (ask) => put(ask, whole),
        // Found again under its head, it is what we have just put there.
        wasKept: async (ask, isNew) => isNew && (await ask(SELECT_RUN, [whole.run.id])).length > 0,
      });
    },
  };
}

async function take(ask: Ask, runId: string): Promise<WholeRun> {
  await ask(SNAPSHOT);
  const [row] = await ask(SELECT_RUN, [runId]);
  if (!row) throw noRun(runId);
  const events = await ask(SELECT_EVENTS, [runId]);
  const whole = wholeOf(row, { events, secrets: await ask(SELECT_SECRETS, [runId]), logs: await ask(SELECT_LOGS, [runId]) });
  const evidence = (await ask(SELECT_EVIDENCE, [runId])).map((piece) => ({
    digest: String(piece['digest']) as Digest,
    at: Number(piece['at']),
    bytes: new Uint8Array(piece['bytes'] as Uint8Array), // a column of bytes
  }));
  return { ...whole, evidence };
}

async function put(ask: Ask, { run, events, secrets, logs, evidence }: WholeRun): Promise<boolean> {
  await ask(IN_TURN);
  const [found] = await ask(SELECT_RUN, [run.id]);
  if (found && found['head'] !== run.head) throw runExists(run.id);
  if (found) return false;
  const { id, runbook, planDigest, createdAt, concurrencyGroup, rehearsal, labels, state, updatedAt, head, leaseToken } = run;
  const shown = [id, runbook, planDigest, createdAt, concurrencyGroup ?? null, rehearsal ? 1 : 0, JSON.stringify(labels)];
  await ask(INSERT_RUN, [...shown, state, updatedAt, events.length, head, leaseToken]);
  for (const part of pieces(events)) {
    await ask(INSERT_EVENTS, [
      ...[id, part.map(({ seq }) => seq), part.map(({ at }) => at), part.map(typeOf), part.map(({ body }) => canonicalJson(body))],
      ...[part.map(({ prev }) => prev), part.map(({ hash }) => hash), part.map(({ postedId }) => postedId ?? null)],
    ]);
  }
  for (const secret of secrets) await ask(INSERT_SECRET, [secret.id, id, Buffer.from(secret.sealed)]);
  for (const part of pieces(logs)) {
    await ask(INSERT_LOGS, [
      ...[id, part.map(({ path }) => path), part.map(({ attempt }) => attempt), part.map(({ at }) => at), part.map(({ host }) => host ?? null)],
      ...[part.map(({ stream }) => stream), part.map(({ text }) => text.replaceAll('\0', '\u2400'))],
    ]);
  }
  for (const { digest, at, bytes } of evidence) {
    await ask(INSERT_EVIDENCE, [digest, bytes.length, at, Buffer.from(bytes)]);
    await ask(INSERT_EVIDENCE_RUN, [digest, id, at]);
  }
  return true;
}

function* pieces<T>(rows: readonly T[]): Generator<readonly T[]> {
  for (let from = 0; from < rows.length; from += ROWS) yield rows.slice(from, from + ROWS);
}
