import { randomText } from '../../core/index.ts';
import type { Journal, LogLine } from '../port.ts';
import { logLineOf } from '../rows.ts';
import { type Database, query, transact } from './database.ts';

/** Lines of a run get their numbers in the order in which they become visible, so that whoever reads on from a number misses none. */
const IN_TURN = `SELECT pg_advisory_xact_lock(hashtextextended('slipway logs ' || run_id, 0)) FROM (SELECT DISTINCT unnest($1::text[]) AS run_id ORDER BY 1) AS runs`;
const INSERT = `INSERT INTO logs (run_id, path, attempt, at, host, stream, text, batch)
  SELECT run_id, path, attempt, at, host, stream, text, $8 FROM unnest($1::text[], $2::text[], $3::int[], $4::bigint[], $5::text[], $6::text[], $7::text[])
  WITH ORDINALITY AS line (run_id, path, attempt, at, host, stream, text, n) ORDER BY n`;
const IS_THERE = 'SELECT 1 AS there FROM logs WHERE run_id = $1 AND batch = $2 LIMIT 1';
const SELECT = `SELECT id, run_id, path, attempt, at, host, stream, text FROM logs WHERE run_id = $1 AND id > $2
  AND ($3::text IS NULL OR path = $3 OR left(path, length($3) + 1) IN ($3 || '[', $3 || '/')) AND ($4::text IS NULL OR host = $4) ORDER BY id LIMIT $5`;
const MOST_LINES = 100_000;

/** Text output of tasks; kept beside the events, not in their chain. */
export function createLogs(database: Database): Pick<Journal<{ type: string }>, 'log' | 'logs'> {
  return {
    log: async (lines) => {
      const [first] = lines;
      if (!first) return;
      const batch = randomText(12);
      await transact(database, 'logs', {
        work: async (ask) => {
          await ask(IN_TURN, [lines.map(({ runId }) => runId)]);
          await ask(INSERT, [...columnsOf(lines), batch]);
        },
        wasKept: async (ask) => (await ask(IS_THERE, [first.runId, batch])).length > 0,
      });
    },
    logs: async (runId, { afterId, path, host, limit } = {}) =>
      (await query(database, SELECT, [runId, afterId ?? 0, path ?? null, host ?? null, limit ?? MOST_LINES])).map(logLineOf),
  };
}

function columnsOf(lines: readonly LogLine[]): readonly (readonly unknown[])[] {
  return [
    lines.map(({ runId }) => runId),
    lines.map(({ path }) => path),
    lines.map(({ attempt }) => attempt),
    lines.map(({ at }) => at),
    lines.map(({ host }) => host ?? null),
    lines.map(({ stream }) => stream),
    // The one character that PostgreSQL's text cannot hold; commands do print it.
    lines.map(({ text }) => text.replaceAll('\0', '\u2400')),
  ];
}
