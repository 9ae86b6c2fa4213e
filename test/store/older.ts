import { genesis, type Head, link } from '../../src/journal/chain.ts';

/** One statement as Slipway 0.1 sent it; `?` are its values. Kept as it was: newer versions have to live beside it. */
export type Ask = (sql: string, values: readonly (string | number | null)[]) => Promise<readonly Record<string, unknown>[]>;
const RUN = 'run-20260101-olderolder';

/** Begin a run, with a lease for an hour. @returns where its chain ends. */
export async function beginOlder(ask: Ask): Promise<Head> {
  await ask(
    `INSERT INTO runs (id, runbook, plan_digest, created_at, concurrency_group, rehearsal, labels, state, updated_at, last_seq, head)
      VALUES (?, 'older', 'sha256:0', 1, NULL, 0, '{}', 'queued', 1, 0, ?)`,
    [RUN, genesis(RUN)],
  );
  await ask(`UPDATE runs SET lease_owner = 'older', lease_token = 1, lease_expires = ? WHERE id = ?`, [Date.now() + 3_600_000, RUN]);
  return { runId: RUN, seq: 0, hash: genesis(RUN) };
}

/** A round of work: an event, a document, and a job that is accepted, claimed and done. Gives the new end of the chain, and what a newer one has written last. */
export async function workOlder(ask: Ask, head: Head, n: number): Promise<{ readonly head: Head; readonly seen: string | undefined }> {
  const at = Date.now();
  const [linked] = link(head, [{ type: 'x', n }], at);
  if (!linked) throw new Error('one event for one body');
  const { event, text } = linked;
  await ask('INSERT INTO events (run_id, seq, at, type, body, prev, hash, posted_id) VALUES (?, ?, ?, ?, ?, ?, ?, NULL)', [
    ...[event.runId, event.seq, at, 'x', text, event.prev, event.hash],
  ]);
  await ask('UPDATE runs SET last_seq = ?, head = ?, updated_at = ?, state = COALESCE(?, state) WHERE id = ?', [event.seq, event.hash, at, 'running', RUN]);
  await ask(
    `INSERT INTO documents (collection, key, value, version, updated_at) VALUES ('older', 'k', ?, ?, ?)
      ON CONFLICT (collection, key) DO UPDATE SET value = excluded.value, version = excluded.version, updated_at = excluded.updated_at`,
    [String(n), 1_000_000 + n, at],
  );
  await ask(
    `INSERT INTO jobs (queue, id, order_key, payload, state, max_attempts, enqueued_at, not_before) VALUES ('older', ?, 'k', '1', 'ready', 10, ?, ?)
      ON CONFLICT (queue, id) DO NOTHING`,
    [`j${n}`, at, at],
  );
  const claimed = await ask(
    `UPDATE jobs SET state = 'claimed', claim_owner = 'older', claim_token = claim_token + 1, claim_expires = ?, attempts = attempts + 1
      WHERE queue = 'older' AND id = ? RETURNING id, order_key, payload, attempts, claim_token`,
    [at + 15_000, `j${n}`],
  );
  await ask(
    `UPDATE jobs SET state = 'done', outcome = 'true', ended_at = ?, claim_owner = NULL, claim_expires = NULL
      WHERE queue = 'older' AND id = ? AND claim_token = ? AND state = 'claimed'`,
    [at, `j${n}`, Number(claimed[0]?.['claim_token'])],
  );
  const [row] = await ask(`SELECT key, value, version, updated_at FROM documents WHERE collection = 'newer' AND key = ?`, ['k']);
  return { head: { runId: RUN, seq: event.seq, hash: event.hash }, seen: row && String(row['value']) };
}

export const OLDER_RUN = RUN;
