import { postgres } from '../../journal/index.ts';
import { checkedName, checkedText } from '../checked.ts';
import { conflict } from '../errors.ts';
import type { Documents } from '../port.ts';
import { documentOf } from '../rows.ts';
import { NOW } from './schema.ts';

const SELECT = 'SELECT key, value, version, updated_at FROM documents WHERE collection = $1 AND key = $2';
/** Also where there is no row yet, which could not be locked otherwise. */
const IN_TURN = `SELECT pg_advisory_xact_lock(hashtextextended('slipway document ' || $1 || chr(10) || $2, 0))`;
const UPSERT = `INSERT INTO documents (collection, key, value, version, updated_at) VALUES ($1, $2, $3, nextval('document_versions'), ${NOW})
  ON CONFLICT (collection, key) DO UPDATE SET value = excluded.value, version = excluded.version, updated_at = excluded.updated_at RETURNING version, txid_current() AS xid`;
const DELETE = 'DELETE FROM documents WHERE collection = $1 AND key = $2 RETURNING txid_current() AS xid';
const LIST = `SELECT key, value, version, updated_at FROM documents WHERE collection = $1 AND key > $2 AND key >= $3
  AND left(key, length($3)) = $3 ORDER BY key LIMIT $4`;
const MOST = 1_000;

export function createDocuments(database: postgres.Database): Documents {
  const check = async (ask: postgres.Ask, [collection, key]: readonly [string, string], ifVersion: number | undefined): Promise<void> => {
    await ask(IN_TURN, [collection, key]);
    const [row] = await ask(SELECT, [collection, key]);
    const found = Number(row?.['version'] ?? 0);
    if (ifVersion !== undefined && found !== ifVersion) throw conflict(collection, key, { wanted: ifVersion, found });
  };
  return {
    get: async (collection, key) => {
      const [row] = await postgres.query(database, SELECT, [collection, key]);
      if (!row) return undefined;
      const { value, version, updatedAt } = documentOf(row);
      return { value, version, updatedAt };
    },
    put: async (collection, key, value, { ifVersion } = {}) => {
      const text = checkedText(value);
      const names = [checkedName('collection', collection), checkedName('document', key)] as const;
      const { version } = await postgres.transact(database, 'document', {
        work: async (ask) => {
          await check(ask, names, ifVersion);
          const [row] = await ask(UPSERT, [...names, text]);
          return { version: Number(row?.['version']), xid: row?.['xid'] };
        },
        wasKept: (ask, { xid }) => postgres.didCommit(ask, xid),
      });
      return { version };
    },
    delete: async (collection, key, { ifVersion } = {}) =>
      void (await postgres.transact(database, 'document', {
        work: async (ask) => {
          await check(ask, [collection, key], ifVersion);
          return (await ask(DELETE, [collection, key]))[0]?.['xid'];
        },
        wasKept: async (ask, xid) => xid === undefined || postgres.didCommit(ask, xid),
      })),
    list: async (collection, { prefix = '', after = '', limit = MOST } = {}) =>
      (await postgres.query(database, LIST, [collection, after, prefix, limit])).map(documentOf),
  };
}
