import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { exportLines } from '../../src/journal/index.ts';
import { filled, idOf } from './contract/archive.ts';
import type { Place } from './contract/place.ts';
import { sqlitePlace } from './sqlite-place.ts';

/** Do something in a process of its own that kills itself at one boundary of the store; whether it came to its end. */
async function untilBoundary(what: string, dir: string, { file = '', at = 0 }: { readonly file?: string; readonly at?: number }): Promise<boolean> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'backup-child.ts'), what, dir, file, String(at)], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const [code] = (await once(child, 'exit')) as [number | null];
  return code === 0;
}

/** Every run that is there is there with all it had. */
async function wholeRuns(at: Place): Promise<readonly string[]> {
  const journal = await at.open();
  const ids = (await journal.runs()).map(({ id }) => id).sort();
  for (const id of ids) {
    assert.equal((await journal.verify(id)).ok, true);
    assert.equal((await journal.logs(id)).length, 1, id);
  }
  for (const table of ['events', 'logs', 'secrets'])
    for (const row of await at.sql(`SELECT DISTINCT run_id FROM ${table}`))
      assert.ok(ids.includes(String(row['run_id'])), `${table} of ${String(row['run_id'])}`);
  const archive = await at.openArchive();
  for (const id of ids) assert.equal((await archive.take(id)).evidence.length, 2, id);
  return ids;
}

test('kill -9 at boundaries of pruning: families are there whole or not at all, and pruning again ends it', { timeout: 60_000 }, async () => {
  await using at = sqlitePlace();
  await filled(at, 6);
  for (const boundary of [1, 2, 5]) {
    assert.equal(await untilBoundary('prune', at.dir, { at: boundary }), false);
    const ids = await wholeRuns(at);
    assert.equal(ids.includes(idOf(0)), ids.includes(idOf(1)));
    assert.equal(ids.includes(idOf(2)), ids.includes(idOf(3)));
  }
  assert.equal(await untilBoundary('prune', at.dir, { at: -1 }), true);
  assert.deepEqual(await wholeRuns(at), [idOf(5)]);
});

test('kill -9 at boundaries of an import: runs are there whole or not at all, and importing again ends it', { timeout: 60_000 }, async () => {
  await using from = sqlitePlace();
  await using at = sqlitePlace();
  await filled(from, 4);
  const archive = await from.openArchive();
  const lines: string[] = [];
  for await (const line of exportLines(
    archive,
    (await archive.runs()).map(({ id }) => id),
  ))
    lines.push(line);
  const file = join(from.dir, 'runs.ndjson');
  writeFileSync(file, lines.join('\n'));
  const counts: number[] = [];
  for (const boundary of [2, 5, 8]) {
    assert.equal(await untilBoundary('import', at.dir, { file, at: boundary }), false);
    counts.push((await wholeRuns(at)).length);
  }
  assert.ok(
    counts.some((count) => count > 0 && count < 4),
    counts.join(),
  );
  assert.equal(await untilBoundary('import', at.dir, { file, at: -1 }), true);
  assert.equal((await wholeRuns(at)).length, 4);
});
