import { sqlite } from '../../journal/index.ts';
import { checkedName, checkedText } from '../checked.ts';
import { conflict } from '../errors.ts';
import type { Documents } from '../port.ts';
import { documentOf } from '../rows.ts';

const SELECT = 'SELECT key, value, version, updated_at FROM documents WHERE collection = ? AND key = ?';
const NEXT_VERSION = 'UPDATE document_versions SET last = last + 1 RETURNING last';
const UPSERT = `INSERT INTO documents (collection, key, value, version, updated_at) VALUES (?, ?, ?, ?, ?)
  ON CONFLICT (collection, key) DO UPDATE SET value = excluded.value, version = excluded.version, updated_at = excluded.updated_at`;
const DELETE = 'DELETE FROM documents WHERE collection = ? AND key = ?';
const LIST = `SELECT key, value, version, updated_at FROM documents WHERE collection = ?1 AND key > ?2 AND key >= ?3
  AND substr(key, 1, length(?3)) = ?3 ORDER BY key LIMIT ?4`;
const MOST = 1_000;

export function createDocuments(database: sqlite.Database): Documents {
  const select = sqlite.prepared(database, SELECT);
  const nextVersion = sqlite.prepared(database, NEXT_VERSION);
  const upsert = sqlite.prepared(database, UPSERT);
  const remove = sqlite.prepared(database, DELETE);
  const list = sqlite.prepared(database, LIST);
  const check = (collection: string, key: string, ifVersion: number | undefined): void => {
    const found = Number(select.get(collection, key)?.['version'] ?? 0);
    if (ifVersion !== undefined && found !== ifVersion) throw conflict(collection, key, { wanted: ifVersion, found });
  };
  return {
    get: async (collection, key) => {
      const row = select.get(collection, key);
      if (!row) return undefined;
      const { value, version, updatedAt } = documentOf(row);
      return { value, version, updatedAt };
    },
    put: async (collection, key, value, { ifVersion } = {}) => {
      const text = checkedText(value);
      const names = [checkedName('collection', collection), checkedName('document', key)] as const;
      return sqlite.transactTogether(database, 'document', () => {
        check(collection, key, ifVersion);
        const version = Number(nextVersion.get()?.['last']);
        upsert.run(...names, text, version, database.clock.now());
        return { version };
      });
    },
    delete: async (collection, key, { ifVersion } = {}) =>
      sqlite.transactTogether(database, 'document', () => {
        check(collection, key, ifVersion);
        remove.run(collection, key);
      }),
    list: async (collection, { prefix = '', after = '', limit = MOST } = {}) => list.all(collection, after, prefix, limit).map(documentOf),
  };
}
