import { prepared, type Store, transact } from './database.ts';
import type { Journal } from '../port.ts';
import { logLineOf } from '../rows.ts';

const INSERT = 'INSERT INTO logs (run_id, path, attempt, at, host, stream, text) VALUES (?, ?, ?, ?, ?, ?, ?)';
const SELECT = `SELECT * FROM logs WHERE run_id = ?1 AND id > ?2 AND (?3 IS NULL OR path = ?3 OR substr(path, 1, length(?3) + 1) IN (?3 || '[', ?3 || '/'))
  AND (?4 IS NULL OR host = ?4) ORDER BY id LIMIT ?5`;
const MOST_LINES = 100_000;

/** Text output of tasks; kept beside the events, not in their chain. */
export function createLogs(store: Store): Pick<Journal<{ type: string }>, 'log' | 'logs'> {
  const insert = prepared(store, INSERT);
  const select = prepared(store, SELECT);
  return {
    log: async (lines) => {
      if (lines.length === 0) return;
      transact(store, 'logs', () => {
        for (const { runId, path, attempt, at, host, stream, text } of lines) insert.run(runId, path, attempt, at, host ?? null, stream, text);
      });
    },
    logs: async (runId, query = {}) => select.all(runId, query.afterId ?? 0, query.path ?? null, query.host ?? null, query.limit ?? MOST_LINES).map(logLineOf),
  };
}
