import { canonicalJson, type Digest } from '../../core/index.ts';
import { sqlite } from '../../journal/index.ts';
import { AUDIT_GENESIS, type AuditHead, auditOf, linkAudit, verifyAudit } from '../audit-chain.ts';
import { checkedEntry } from '../checked-entry.ts';
import type { Audit, AuditEntry, StoredAudit } from '../port.ts';

const HEAD = 'SELECT seq, hash FROM audit_head';
const SET_HEAD = 'UPDATE audit_head SET seq = ?, hash = ?';
const FIRST_HEAD = 'INSERT INTO audit_head (seq, hash) VALUES (?, ?)';
const INSERT = 'INSERT INTO audit (seq, at, actor, action, object, details, prev, hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?)';
const READ = `SELECT * FROM (SELECT seq, at, actor, action, object, details, prev, hash FROM audit WHERE seq > ?1
  AND (?2 IS NULL OR action = ?2) AND (?3 IS NULL OR object = ?3) AND (?5 IS NULL OR seq < ?5) ORDER BY seq DESC LIMIT ?4) ORDER BY seq`;
const ALL = 'SELECT seq, at, actor, action, object, details, prev, hash FROM audit ORDER BY seq';
const MOST = 1_000;

export function createAudit(database: sqlite.Database): Audit {
  const of = (sql: string) => sqlite.prepared(database, sql);
  const [read, all, head, setHead, firstHead, insert] = [of(READ), of(ALL), of(HEAD), of(SET_HEAD), of(FIRST_HEAD), of(INSERT)];
  const headNow = (): AuditHead | undefined => {
    const row = head.get();
    return row && { seq: Number(row['seq']), hash: String(row['hash']) as Digest };
  };
  const enter = (entry: AuditEntry): StoredAudit => {
    const before = headNow();
    const [record] = linkAudit(before ?? { seq: 0, hash: AUDIT_GENESIS }, [entry], database.clock.now());
    if (!record) throw new Error('one record for one entry');
    const { seq, at, actor, action, object, details, prev, hash } = record;
    insert.run(seq, at, actor, action, object, canonicalJson(details), prev, hash);
    (before ? setHead : firstHead).run(seq, hash);
    return record;
  };
  return {
    append: async (entry) => {
      const checked = checkedEntry(entry);
      return sqlite.transactTogether(database, 'audit', () => enter(checked));
    },
    read: async ({ afterSeq = 0, beforeSeq, action, object, limit = MOST } = {}) =>
      read.all(afterSeq, action ?? null, object ?? null, limit, beforeSeq ?? null).map(auditOf),
    verify: async () => verifyAudit(all.all(), headNow() ?? { seq: 0, hash: AUDIT_GENESIS }),
  };
}
