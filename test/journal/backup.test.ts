import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { systemClock } from '../../src/core/index.ts';
import { backUpSqlite, type RestoreOptions, restoreSqlite } from '../../src/journal/index.ts';
import { filled, idOf } from './contract/archive.ts';
import { RUN, VAULT_KEY } from './contract/place.ts';
import { sqlitePlace } from './sqlite-place.ts';

function folder(): { readonly dir: string } & Disposable {
  const dir = mkdtempSync(join(tmpdir(), 'slipway-backup-'));
  return { dir, [Symbol.dispose]: () => rmSync(dir, { recursive: true, force: true }) };
}
const restore = (dir: string, file: string, changes: Partial<RestoreOptions> = {}) =>
  restoreSqlite({ dir, file, clock: systemClock, replace: false, vaultKey: VAULT_KEY, fences: [], ...changes });

test('a backup is one file with everything but the key, made while others write, and restored elsewhere it is the same', async () => {
  await using at = sqlitePlace();
  using out = folder();
  const { references } = await filled(at);
  const journal = await at.open();
  const file = join(out.dir, 'b.db');
  const posts = Array.from({ length: 50 }, (_, n) => journal.post(idOf(5), { type: 'p', n }, `p${n}`));
  const told = await backUpSqlite({ dir: at.dir, clock: systemClock }, file);
  await Promise.all(posts);
  assert.deepEqual([told.runs, told.evidence, typeof told.vaultKey], [6, 7, 'string']);
  assert.deepEqual(readdirSync(out.dir), ['b.db'], 'no draft is left');
  await assert.rejects(backUpSqlite({ dir: at.dir, clock: systemClock }, file), { code: 'BACKUP_EXISTS' });
  await using other = sqlitePlace();
  const restored = await restore(other.dir, file);
  assert.deepEqual([restored.runs, restored.evidence, restored.vaultKey, restored.before], [6, 7, 'fits', undefined]);
  const there = await other.open();
  for (const { id, lastSeq } of await there.runs()) {
    assert.equal((await there.verify(id)).ok, true);
    assert.deepEqual(await there.read(id), (await journal.read(id)).slice(0, lastSeq));
  }
  assert.equal((await there.unseal(references[3] ?? '')).reveal(), 'the secret of run 3');
  assert.ok(await there.evidence(await journal.putEvidence(idOf(0), Buffer.from('evidence of 0'))));
  const lease = await there.acquire(idOf(5), 'b:1', 1_000);
  assert.ok('token' in lease && lease.token > 1_000_000, 'whoever drove it before is fenced off');
  assert.deepEqual(
    readdirSync(other.dir).filter((name) => name.startsWith('restore-')),
    [],
  );
});

test('a backup that was changed, cut off, or is none is refused, and nothing is changed', async () => {
  await using at = sqlitePlace();
  using out = folder();
  await filled(at, 3);
  const good = join(out.dir, 'good.db');
  await backUpSqlite({ dir: at.dir, clock: systemClock }, good);
  const spoiled = (name: string, spoil: (file: string) => void): string => {
    const file = join(out.dir, name);
    copyFileSync(good, file);
    spoil(file);
    return file;
  };
  const withSql = (sql: string) => (file: string) => {
    const database = new DatabaseSync(file);
    database.exec(sql);
    database.close();
  };
  for (const [file, code] of [
    [spoiled('event.db', withSql(`UPDATE events SET body = replace(body, 'é', 'e') WHERE seq = 1`)), 'BACKUP_BROKEN'],
    [spoiled('gone.db', withSql('DELETE FROM events WHERE seq = 2')), 'BACKUP_BROKEN'],
    [spoiled('evidence.db', withSql(`UPDATE backup_evidence SET bytes = x'00'`)), 'BACKUP_BROKEN'],
    [spoiled('missing.db', withSql('DELETE FROM backup_evidence')), 'BACKUP_BROKEN'],
    [spoiled('newer.db', withSql('UPDATE backup SET version = 9')), 'JOURNAL_NEWER'],
    [spoiled('plain.db', withSql('DROP TABLE backup')), 'BACKUP_UNREADABLE'],
    [spoiled('text.db', (path) => writeFileSync(path, 'no database')), 'BACKUP_UNREADABLE'],
    [spoiled('short.db', (path) => truncateSync(path, 8_192)), /^BACKUP_/],
    [join(out.dir, 'nothing'), 'BACKUP_UNREADABLE'],
  ] as const) {
    await using target = sqlitePlace();
    await (await target.open()).create(RUN, { type: 'mine' });
    await assert.rejects(restore(target.dir, file, { replace: true }), (thrown: Error) => 'code' in thrown && new RegExp(code).test(String(thrown.code)), file);
    assert.equal((await (await target.open()).read(RUN.id))[0]?.body.type, 'mine');
  }
});

test('a journal is replaced only when asked, never under a run that is being driven; it is kept, and who has it open sees the new one', async () => {
  await using at = sqlitePlace();
  using out = folder();
  await filled(at, 3);
  const file = join(out.dir, 'b.db');
  await backUpSqlite({ dir: at.dir, clock: systemClock }, file);
  await using target = sqlitePlace();
  const open = await target.open();
  const mine = { ...RUN, id: 'run-20261123-00000000zz' };
  await open.create(mine, { type: 'mine' });
  await assert.rejects(restore(target.dir, file), { code: 'RESTORE_OVER' });
  const lease = await open.acquire(mine.id, 'a:1', 60_000);
  assert.ok('token' in lease);
  await assert.rejects(restore(target.dir, file, { replace: true }), { code: 'LOCKED', exitCode: 11 });
  await open.release(lease);
  const told = await restore(target.dir, file, { replace: true, vaultKey: { from: 'file', file: join(out.dir, 'none'), whenMissing: 'refuse' } });
  assert.equal(told.vaultKey, 'missing');
  assert.equal((await open.runs()).length, 3);
  assert.equal(await open.run(mine.id), undefined);
  await assert.rejects(open.append(mine.id, [{ type: 'x' }], lease), { code: 'RUN_NOT_FOUND' });
  const before = new DatabaseSync(told.before ?? '');
  assert.equal(before.prepare('SELECT id FROM runs').get()?.['id'], mine.id);
  before.close();
  await open.post(idOf(0), { type: 'p' }, 'later');
  assert.equal((await open.verify(idOf(0))).ok, true);
});

/** Do something in a process of its own and kill it after a while; whether it had ended. */
async function killed(args: readonly string[], afterMs: number): Promise<boolean> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'backup-child.ts'), ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  await Promise.race([once(child.stdout, 'data'), exited]);
  setTimeout(() => child.kill('SIGKILL'), afterMs);
  const [code] = (await exited) as [number | null];
  return code === 0;
}

test('kill -9 in the middle of a backup or a restore leaves all or nothing', { timeout: 120_000 }, async () => {
  await using at = sqlitePlace();
  using out = folder();
  await filled(at, 5);
  const journal = await at.open();
  for (let n = 0; n < 12; n++) await journal.putEvidence(idOf(0), Buffer.alloc(200_000, n));
  const good = join(out.dir, 'good.db');
  await backUpSqlite({ dir: at.dir, clock: systemClock }, good);
  const outcomes = new Set<string>();
  for (const [round, afterMs] of [0, 15, 60].entries()) {
    const file = join(out.dir, `b${round}.db`);
    const ended = await killed(['backup', at.dir, file], afterMs);
    if (existsSync(file)) assert.deepEqual(readFileSync(file).subarray(0, 16).toString(), 'SQLite format 3\0');
    await using target = sqlitePlace();
    await (await target.open()).create(RUN, { type: 'mine' });
    if (existsSync(file)) assert.equal((await restore(target.dir, file, { replace: true })).runs, 5);
    outcomes.add(`backup ${ended ? 'ended' : 'killed'}`);
  }
  for (const afterMs of [0, 10, 40, 120]) {
    await using target = sqlitePlace();
    const open = await target.open();
    await open.create(RUN, { type: 'mine' });
    const ended = await killed(['restore', target.dir, good], afterMs);
    const runs = await open.runs();
    const isOld = runs.length === 1 && (await open.read(RUN.id))[0]?.body.type === 'mine';
    assert.ok(isOld || runs.length === 5, `${runs.length} runs`);
    if (ended) assert.equal(runs.length, 5);
    for (const { id } of runs) assert.equal((await open.verify(id)).ok, true);
    outcomes.add(`restore ${ended ? 'ended' : 'killed'}`);
    // And it can be done again.
    if (isOld) assert.equal((await restore(target.dir, good, { replace: true })).runs, 5);
  }
  assert.ok(outcomes.has('backup killed') && outcomes.has('restore killed'), [...outcomes].join());
});
