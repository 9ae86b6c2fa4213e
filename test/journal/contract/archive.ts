import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Secret } from '../../../src/core/index.ts';
import { type Archive, exportLines, importLines, prunable } from '../../../src/journal/index.ts';
import { type Place, RUN, type StoreUnderTest } from './place.ts';

const TERMINAL = new Set(['succeeded', 'failed', 'rolledBack']);
export const idOf = (n: number): string => `run-20261123-000000000${n}`;

/** Some runs with everything a run can have; those below 5 have ended. */
export async function filled(at: Place, count = 6): Promise<{ readonly references: readonly string[] }> {
  const journal = await at.open();
  const references: string[] = [];
  for (let n = 0; n < count; n++) {
    const id = idOf(n);
    const labels = n === 1 ? { parent: idOf(0) } : n === 3 ? { rollbackOf: idOf(2) } : {};
    await journal.create({ ...RUN, id, createdAt: n, labels, ...(n === 4 ? { concurrencyGroup: 'g' } : {}) }, { type: 'first', n, text: 'é' });
    const lease = await journal.acquire(id, 'a:1', 60_000);
    assert.ok('token' in lease);
    await journal.post(id, { type: 'vote' }, 'v1');
    references.push(await journal.seal(id, new Secret(`the secret of run ${n}`)));
    await journal.log([{ runId: id, path: 'p/s', attempt: 1, at: n, stream: 'stdout', text: `line of ${n}`, host: 'h' }]);
    await journal.putEvidence(id, Buffer.from('evidence of all'));
    await journal.putEvidence(id, Buffer.from(`evidence of ${n}`));
    await journal.append(id, [{ type: 'end' }], lease, n < 5 ? 'succeeded' : 'attention');
    await journal.release(lease);
  }
  return { references };
}

async function linesOf(archive: Archive): Promise<string[]> {
  const lines: string[] = [];
  for await (const line of exportLines(
    archive,
    (await archive.runs()).map(({ id }) => id),
  ))
    lines.push(line);
  return lines;
}
async function* from(lines: readonly string[]): AsyncGenerator<string> {
  yield* lines;
}

export function archiveContract(store: StoreUnderTest, elsewhere: () => Promise<Place>): void {
  test('old runs that have ended go with all they had, families only whole, and evidence of others stays', async () => {
    await using at = await store.place();
    await filled(at);
    const journal = await at.open();
    const archive = await at.openArchive();
    assert.deepEqual(prunable(await archive.runs(), TERMINAL, 0), [], 'nothing is old enough');
    const busy = await journal.acquire(idOf(4), 'b:1', 60_000);
    assert.ok('token' in busy);
    const families = prunable(await archive.runs(), TERMINAL, Date.now() + 1_000);
    const ids = families.map((family) => family.map(({ id }) => id).sort());
    assert.deepEqual(
      ids,
      [
        [idOf(0), idOf(1)],
        [idOf(2), idOf(3)],
      ],
      'one is driven, one has not ended',
    );
    assert.equal((await archive.remove(families, { keepEvidence: false })).length, 2);
    assert.equal((await archive.remove(families, { keepEvidence: false })).length, 0, 'they are gone');
    assert.deepEqual((await journal.runs()).map(({ id }) => id).sort(), [idOf(4), idOf(5)]);
    for (const table of ['events', 'logs', 'secrets'])
      assert.deepEqual(
        (await at.sql(`SELECT DISTINCT run_id FROM ${table} ORDER BY run_id`)).map((row) => row['run_id']),
        [idOf(4), idOf(5)],
        table,
      );
    const digests = await Promise.all([0, 4].map((n) => journal.putEvidence(idOf(5), Buffer.from(`evidence of ${n}`))));
    const { evidence, bytes } = await archive.reclaim();
    assert.equal(evidence, 3);
    assert.ok(bytes > 0);
    for (const digest of digests) assert.ok(await journal.evidence(digest));
    for (const n of [4, 5]) assert.equal((await journal.verify(idOf(n))).ok, true);
  });

  test('a family stays when one of it went on since it was looked at, or somebody has begun to undo one', async () => {
    await using at = await store.place();
    await filled(at, 5);
    const journal = await at.open();
    const archive = await at.openArchive();
    const families = prunable(await archive.runs(), TERMINAL, Date.now() + 1_000);
    assert.equal(families.length, 3);
    await journal.post(idOf(1), { type: 'late' }, 'late');
    await journal.create({ ...RUN, id: 'run-20261123-00000000zz', labels: { rollbackOf: idOf(3) } }, { type: 'first' });
    const removed = await archive.remove(families, { keepEvidence: true });
    assert.deepEqual(
      removed.map((family) => family.map(({ id }) => id)),
      [[idOf(4)]],
    );
    assert.equal((await archive.reclaim()).evidence, 0, 'evidence was to be kept');
  });

  test('an export carries whole runs to another store, secrets sealed, and once more changes nothing', async () => {
    await using at = await store.place();
    await using other = await elsewhere();
    const { references } = await filled(at);
    const [archive, target] = [await at.openArchive(), await other.openArchive()];
    const lines = await linesOf(archive);
    assert.ok(!lines.join().includes('the secret of run'));
    const told = await importLines(target, from(lines));
    assert.deepEqual([told.imported.length, told.same, told.refused], [6, [], []]);
    const [here, there] = [await at.open(), await other.open()];
    const rows = await there.runs();
    const shown = (row: (typeof rows)[number]) => ({ ...row, order: 0 });
    assert.deepEqual(rows.map(shown), (await here.runs()).map(shown));
    for (const { id } of rows) {
      assert.deepEqual(await there.read(id), await here.read(id));
      assert.deepEqual(await there.verify(id), await here.verify(id));
      assert.deepEqual(
        (await there.logs(id)).map(({ text }) => text),
        (await here.logs(id)).map(({ text }) => text),
      );
    }
    for (const [n, reference] of references.entries()) assert.equal((await there.unseal(reference)).reveal(), `the secret of run ${n}`);
    assert.deepEqual(Buffer.from((await there.evidence(await here.putEvidence(idOf(0), Buffer.from('evidence of 3')))) ?? []).toString(), 'evidence of 3');
    assert.deepEqual(await there.post(idOf(0), { type: 'vote' }, 'v1'), { seq: 2, fresh: false }, 'posts are known there too');
    const lease = await there.acquire(idOf(5), 'b:1', 1_000);
    assert.ok('token' in lease && lease.token === 2, 'tokens go on growing');
    assert.deepEqual((await importLines(target, from(lines))).same.length, 6);
  });

  test('what is no whole export, or was changed, is refused; a run that went on otherwise stays as it is here', async () => {
    await using at = await store.place();
    await using other = await elsewhere();
    await filled(at, 2);
    const lines = await linesOf(await at.openArchive());
    const target = await other.openArchive();
    const broken = { code: 'IMPORT_BROKEN' };
    for (const wrong of [
      lines.slice(0, -1),
      lines.slice(1),
      [],
      ['no JSON'],
      ['{}'],
      [...lines, '{"run":{}}'],
      lines.slice(0, 3),
      [lines[0] ?? '', '{"event":{}}'],
    ])
      await assert.rejects(importLines(target, from(wrong)), broken);
    await assert.rejects(importLines(target, from([(lines[0] ?? '').replace('"version":1', '"version":2')])), { code: 'JOURNAL_NEWER' });
    await assert.rejects(importLines(target, from([(lines[0] ?? '').replace(/"vaultKey":"[0-9a-f]*"/, '"vaultKey":"0000000000000000"')])), {
      code: 'VAULT_KEY',
    });
    await using fresh = await elsewhere();
    const changed = lines.map((line) => line.replace('"text":"é"', '"text":"e"'));
    const told = await importLines(await fresh.openArchive(), from(changed));
    assert.deepEqual([told.imported, told.refused.map(({ id }) => id)], [[], [idOf(0), idOf(1)]]);
    const journal = await fresh.open();
    await journal.create({ ...RUN, id: idOf(0) }, { type: 'first' });
    const again = await importLines(await fresh.openArchive(), from(lines));
    assert.deepEqual([again.imported, again.refused.map(({ id }) => id)], [[idOf(1)], [idOf(0)]]);
    assert.equal((await journal.verify(idOf(1))).ok, true);
  });
}
