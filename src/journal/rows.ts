import { canonicalJson, type Digest, isObject, type Json } from '../core/index.ts';
import { type Head, verifyChain } from './chain.ts';
import { damaged, noRun } from './errors.ts';
import type { RunRow, StoredEvent, StoredLogLine, Verified } from './port.ts';

/** A row as a database gives it; numbers may come as text. */
export type Row = Record<string, unknown>;

/** Rows to values, the same for every store: their columns have the same names. */

export function eventOf<Body>(row: Row): StoredEvent<Body> {
  return {
    runId: String(row['run_id']),
    seq: Number(row['seq']),
    at: Number(row['at']),
    body: bodyOf<Body>(row),
    prev: String(row['prev']) as Digest,
    hash: String(row['hash']) as Digest,
  };
}

function bodyOf<Body>({ body, run_id: runId, seq }: Row): Body {
  try {
    return JSON.parse(String(body)) as Body; // written by append as this type
  } catch (cause) {
    throw damaged(`event ${String(seq)} of ${String(runId)} cannot be read`, cause);
  }
}

export function headOf(row: Row): Head {
  return { runId: String(row['id']), seq: Number(row['last_seq']), hash: `sha256:${String(row['head']).replace(/^sha256:/, '')}` };
}

export function runOf(row: Row): RunRow {
  const group = row['concurrency_group'];
  return {
    id: String(row['id']),
    order: Number(row['position']),
    runbook: String(row['runbook']),
    planDigest: String(row['plan_digest']) as Digest,
    createdAt: Number(row['created_at']),
    rehearsal: Number(row['rehearsal']) === 1,
    labels: JSON.parse(String(row['labels'])) as { readonly [name: string]: Json },
    state: String(row['state']),
    updatedAt: Number(row['updated_at']),
    lastSeq: Number(row['last_seq']),
    ...(typeof group === 'string' ? { concurrencyGroup: group } : {}),
    ...(typeof row['lease_owner'] === 'string'
      ? { lease: { owner: row['lease_owner'], token: Number(row['lease_token']), expiresAt: Number(row['lease_expires']) } }
      : {}),
  };
}

export function logLineOf(row: Row): StoredLogLine {
  return {
    id: Number(row['id']),
    runId: String(row['run_id']),
    path: String(row['path']),
    attempt: Number(row['attempt']),
    at: Number(row['at']),
    stream: row['stream'] === 'stderr' ? 'stderr' : 'stdout',
    text: String(row['text']),
    ...(typeof row['host'] === 'string' ? { host: row['host'] } : {}),
  };
}

/** The chain, and what is kept beside it: the bytes of each body, the columns copied out of it, and the end of the chain. */
export function verifyStored<Body>(runId: string, { row, rows }: { readonly row: Row | undefined; readonly rows: readonly Row[] }): Verified {
  if (!row) throw noRun(runId);
  const events: StoredEvent<Body>[] = [];
  for (const stored of rows) {
    if (!isFaithful(stored)) return { ok: false, seq: Number(stored['seq']), why: `event ${String(stored['seq'])} was changed after it was written` };
    events.push(eventOf<Body>(stored));
  }
  const chain = verifyChain(runId, events);
  if (!chain.ok) return chain;
  const lastSeq = Number(row['last_seq']);
  if (events.length !== lastSeq)
    return { ok: false, seq: Math.min(events.length, lastSeq) + 1, why: `${events.length} events are there and ${lastSeq} were written` };
  if (chain.head !== row['head']) return { ok: false, seq: lastSeq, why: 'the last event is not the one that was written last' };
  return chain;
}

/** Does the stored text say exactly what was hashed? Other text with the same meaning was not written here. */
function isFaithful({ body, type }: Row): boolean {
  const text = String(body);
  try {
    const parsed = JSON.parse(text) as Json; // any JSON will do: it is compared with its own canonical form
    return canonicalJson(parsed) === text && isObject(parsed) && parsed['type'] === type;
  } catch {
    return false;
  }
}
