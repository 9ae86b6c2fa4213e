import { canonicalJson, type Digest } from '../../core/index.ts';
import { gather, postgres } from '../../journal/index.ts';
import { AUDIT_GENESIS, auditOf, linkAudit, type Row, verifyAudit } from '../audit-chain.ts';
import { checkedEntry } from '../checked-entry.ts';
import type { Audit, AuditEntry, StoredAudit } from '../port.ts';

const MAKE_HEAD = 'INSERT INTO audit_head (seq, hash) VALUES (0, $1) ON CONFLICT (one) DO NOTHING';
const HEAD = 'SELECT seq, hash FROM audit_head FOR UPDATE';
const SET_HEAD = 'UPDATE audit_head SET seq = $1, hash = $2';
const INSERT = `INSERT INTO audit (seq, at, actor, action, object, details, prev, hash)
  SELECT * FROM unnest($1::int[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[])`;
const IS_THERE = 'SELECT 1 AS there FROM audit WHERE seq = $1 AND hash = $2';
const COLUMNS = 'seq, at, actor, action, object, details, prev, hash';
const READ = `SELECT ${COLUMNS} FROM (SELECT ${COLUMNS} FROM audit WHERE seq > $1 AND ($2::text IS NULL OR action = $2) AND ($3::text IS NULL OR object = $3)
  AND ($5::bigint IS NULL OR seq < $5)  ORDER BY seq DESC LIMIT $4) AS newest ORDER BY seq`;
/** One snapshot of the head and all records. */
const ALL = `SELECT audit_head.seq AS head_seq, audit_head.hash AS head_hash, audit.* FROM audit_head LEFT JOIN audit ON TRUE ORDER BY audit.seq`;
const MOST = 1_000;

export function createAudit(database: postgres.Database): Audit {
  const enter = gather((entries: readonly AuditEntry[]) =>
    postgres.transact(database, 'audit', {
      work: (ask) => write(ask, entries, database.clock.now()),
      wasKept: async (ask, records) => {
        const last = records.at(-1);
        return last !== undefined && (await ask(IS_THERE, [last.seq, last.hash])).length > 0;
      },
    }),
  );
  return {
    append: async (entry) => enter(checkedEntry(entry)),
    read: async ({ afterSeq = 0, beforeSeq, action, object, limit = MOST } = {}) =>
      (await postgres.query(database, READ, [afterSeq, action ?? null, object ?? null, limit, beforeSeq ?? null])).map(auditOf),
    verify: async () => {
      const rows = await postgres.query(database, ALL);
      const [first]: readonly (Row | undefined)[] = rows;
      const head = first ? { seq: Number(first['head_seq']), hash: String(first['head_hash']) as Digest } : { seq: 0, hash: AUDIT_GENESIS };
      return verifyAudit(
        rows.filter((row) => row['seq'] !== null),
        head,
      );
    },
  };
}

async function write(ask: postgres.Ask, entries: readonly AuditEntry[], now: number): Promise<readonly StoredAudit[]> {
  await ask(MAKE_HEAD, [AUDIT_GENESIS]);
  const [head] = await ask(HEAD);
  const records = linkAudit({ seq: Number(head?.['seq']), hash: String(head?.['hash']) as Digest }, entries, now);
  await ask(INSERT, [
    ...[records.map(({ seq }) => seq), records.map(({ at }) => at), records.map(({ actor }) => actor), records.map(({ action }) => action)],
    ...[records.map(({ object }) => object), records.map(({ details }) => canonicalJson(details))],
    ...[records.map(({ prev }) => prev), records.map(({ hash }) => hash)],
  ]);
  const last = records.at(-1);
  if (last) await ask(SET_HEAD, [last.seq, last.hash]);
  return records;
}
