import { writeSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as delay } from 'node:timers/promises';
import { type Ask, beginOlder, workOlder } from './older.ts';

// Works on a database as Slipway 0.1 did, until its input ends. Says how many rounds are durable, and what it has seen of a newer one.
const [file = ''] = process.argv.slice(2);
const database = new DatabaseSync(file, { timeout: 10_000 });
database.exec('PRAGMA journal_mode = WAL');
// Prepared once, as then: a schema that changes below them must not matter.
const prepared = new Map<string, ReturnType<DatabaseSync['prepare']>>();
const ask: Ask = async (sql, values) => {
  const statement = prepared.get(sql) ?? database.prepare(sql);
  prepared.set(sql, statement);
  return statement.all(...values);
};
let isOver = false;
process.stdin.on('end', () => (isOver = true)).resume();
let head = await beginOlder(ask);
for (let n = 1; !isOver; n++) {
  const round = await workOlder(ask, head, n);
  head = round.head;
  writeSync(1, `${n} ${round.seen ?? '-'}\n`);
  await delay(2);
}
database.close();
