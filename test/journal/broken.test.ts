import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { leaseOf, place, RUN } from './support.ts';

const run = promisify(execFile);
const NOBODY = 65_534;
/** As somebody whom permissions bind, also when the tests are run by root. */
async function inChild(dir: string): Promise<string> {
  const { stdout } = await run(
    process.execPath,
    [join(import.meta.dirname, 'broken-child.ts'), dir],
    process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {},
  );
  return stdout;
}
function own(dir: string): void {
  if (process.getuid?.() !== 0) return;
  for (const path of [dir, ...readdirSync(dir).map((name) => join(dir, name))]) chownSync(path, NOBODY, NOBODY);
}

test('a folder that cannot be written, or made, is JOURNAL_READ_ONLY', async () => {
  await using at = place();
  own(at.dir);
  chmodSync(at.dir, 0o500);
  assert.equal(await inChild(at.dir), 'JOURNAL_READ_ONLY');
  assert.equal(await inChild(join(at.dir, 'below')), 'JOURNAL_READ_ONLY');
  chmodSync(at.dir, 0o700);
  assert.equal(await inChild(at.dir), 'ok');
});

test('a database that cannot be written is JOURNAL_READ_ONLY', async () => {
  await using at = place();
  await at.open()[Symbol.asyncDispose]();
  own(at.dir);
  for (const mode of [0o500, 0o700]) {
    chmodSync(join(at.dir, 'journal.db'), 0o400);
    chmodSync(at.dir, mode);
    assert.equal(await inChild(at.dir), 'JOURNAL_READ_ONLY', mode.toString(8));
  }
});

test('a full disk is JOURNAL_FULL for every waiting append; nothing is half there and it goes on when there is room', async () => {
  await using at = place();
  const names: string[] = [];
  const journal = at.open({ maxPages: 60, onBoundary: (name) => names.push(name) });
  await journal.create(RUN, { type: 'first' });
  const lease = await leaseOf(journal);
  const text = 'x'.repeat(9_000);
  const outcomes: string[] = [];
  for (let n = 0; n < 40 && outcomes.length === 0; n++) {
    const results = await Promise.allSettled([1, 2, 3].map(() => journal.append(RUN.id, [{ type: 'x', text }], lease)));
    for (const result of results) if (result.status === 'rejected') outcomes.push((result.reason as { code: string }).code);
  }
  assert.deepEqual(outcomes, ['JOURNAL_FULL', 'JOURNAL_FULL', 'JOURNAL_FULL']);
  await assert.rejects(journal.log([{ runId: RUN.id, path: 'a', attempt: 1, at: 1, stream: 'stdout', text: text.repeat(5) }]), { code: 'JOURNAL_FULL' });
  assert.equal((await journal.verify(RUN.id)).ok, true);
  const roomy = at.open();
  await roomy.append(RUN.id, [{ type: 'x', text }], lease);
  assert.equal((await roomy.verify(RUN.id)).ok, true);
});

test('a newer schema is refused, and so is what is no database', async () => {
  await using at = place();
  at.open();
  const sql = new DatabaseSync(join(at.dir, 'journal.db'));
  sql.exec('PRAGMA user_version = 999');
  sql.close();
  assert.throws(() => at.open(), { code: 'JOURNAL_NEWER' });
  const other = join(at.dir, 'other');
  mkdirSync(other);
  writeFileSync(join(other, 'journal.db'), 'this is no database at all, and never was one, however long it gets'.repeat(20));
  assert.throws(() => at.open({ dir: other }), { code: 'JOURNAL_CORRUPT' });
});

test('eight processes that open a new journal at once all succeed', async () => {
  await using at = place();
  own(at.dir);
  const codes = await Promise.all(Array.from({ length: 8 }, () => inChild(at.dir)));
  // One takes the lease; the others see that it is held, which they say in words.
  for (const code of codes) assert.match(code, /^(ok|Error: held by a:1|JOURNAL_FENCED)$/);
  assert.ok(codes.includes('ok'));
});
