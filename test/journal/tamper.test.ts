import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import fc from 'fast-check';
import { Secret } from '../../src/core/index.ts';
import { verifyChain } from '../../src/journal/index.ts';
import { leaseOf, place, RUN } from './support.ts';

async function written(at: ReturnType<typeof place>) {
  const journal = at.open();
  await journal.create(RUN, { type: 'first', text: 'é "quoted"' });
  const lease = await leaseOf(journal);
  for (let n = 0; n < 3; n++) await journal.append(RUN.id, [{ type: 'x', n, text: 'some text' }], lease);
  assert.deepEqual((await journal.verify(RUN.id)).ok, true);
  return { journal, sql: new DatabaseSync(join(at.dir, 'journal.db')) };
}

test('any changed byte of any body is found', async () => {
  await using at = place();
  const { journal, sql } = await written(at);
  const bodies = sql
    .prepare('SELECT seq, body FROM events ORDER BY seq')
    .all()
    .map((row) => ({ seq: Number(row['seq']), bytes: Buffer.from(String(row['body'])) }));
  const change = sql.prepare('UPDATE events SET body = CAST(? AS TEXT) WHERE seq = ?');
  await fc.assert(
    fc.asyncProperty(fc.nat(bodies.length - 1), fc.nat(), fc.integer({ min: 1, max: 255 }), async (which, where, by) => {
      const { seq = 0, bytes = Buffer.alloc(0) } = bodies[which] ?? {};
      const other = Buffer.from(bytes);
      const at = where % other.length;
      other[at] = (other[at] ?? 0) ^ by;
      change.run(other, seq);
      const verdict = await journal.verify(RUN.id);
      change.run(bytes, seq);
      assert.deepEqual([verdict.ok, 'seq' in verdict && verdict.seq], [false, seq]);
    }),
    { numRuns: 500 },
  );
  assert.equal((await journal.verify(RUN.id)).ok, true);
  sql.close();
});

for (const [name, change] of [
  ['a body written otherwise with the same meaning', `UPDATE events SET body = replace(body, '"x"', ' "x"') WHERE seq = 3`],
  ['the time', 'UPDATE events SET at = at + 1 WHERE seq = 2'],
  ['the type beside the body', `UPDATE events SET type = 'y' WHERE seq = 2`],
  ['the link to the event before', `UPDATE events SET prev = 'sha256:0' WHERE seq = 2`],
  ['the hash', `UPDATE events SET hash = 'sha256:0' WHERE seq = 4`],
  ['the last event removed', 'DELETE FROM events WHERE seq = 4'],
  ['an event in the middle removed', 'DELETE FROM events WHERE seq = 2'],
  ['the first event removed', 'DELETE FROM events WHERE seq = 1'],
  ['all events removed', 'DELETE FROM events'],
  ['two events exchanged', 'UPDATE events SET seq = CASE seq WHEN 2 THEN 3 WHEN 3 THEN 2 ELSE seq END WHERE seq IN (2)'],
  ['the head', `UPDATE runs SET head = 'sha256:0'`],
  ['the number of events', 'UPDATE runs SET last_seq = 3'],
  ['a body that is no JSON', `UPDATE events SET body = '{' WHERE seq = 1`],
] as const) {
  test(`verify finds: ${name}`, async () => {
    await using at = place();
    const { journal, sql } = await written(at);
    try {
      sql.exec(change);
    } catch {
      sql.exec('UPDATE events SET seq = 99 WHERE seq = 2; UPDATE events SET seq = 2 WHERE seq = 3; UPDATE events SET seq = 3 WHERE seq = 99');
    }
    sql.close();
    assert.equal((await journal.verify(RUN.id)).ok, false);
  });
}

test('an unknown run cannot be verified, and an exported chain can without the store', async () => {
  await using at = place();
  const { journal, sql } = await written(at);
  sql.close();
  await assert.rejects(journal.verify('run-20261123-zzzzzzzzzz'), { code: 'RUN_NOT_FOUND' });
  const events = await journal.read(RUN.id);
  assert.deepEqual(verifyChain(RUN.id, events), await journal.verify(RUN.id));
  assert.equal(verifyChain('run-20261123-zzzzzzzzzz', events).ok, false, 'the chain belongs to its run');
});

test('the vault: opens what it sealed, binds it to its reference, and the key', async () => {
  await using at = place();
  const { journal, sql } = await written(at);
  const text = 'correct horse battery staple';
  const [one, two] = [await journal.seal(RUN.id, new Secret(text)), await journal.seal(RUN.id, new Secret('another secret'))];
  assert.equal((await journal.unseal(one)).reveal(), text);
  assert.equal((await at.open().unseal(one)).reveal(), text, 'another connection uses the same key');
  await assert.rejects(journal.unseal(`${RUN.id}:nothing`), { code: 'SECRET_MISSING' });
  sql.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  for (const name of readdirSync(at.dir)) assert.ok(!readFileSync(join(at.dir, name)).includes(text), name);
  sql.prepare('UPDATE secrets SET sealed = (SELECT sealed FROM secrets WHERE id = ?) WHERE id = ?').run(two, one);
  await assert.rejects(journal.unseal(one), { code: 'SECRET_UNREADABLE' });
  sql.close();
  writeFileSync(join(at.dir, 'vault.key'), Buffer.alloc(32));
  await assert.rejects(at.open().unseal(two), { code: 'SECRET_UNREADABLE' });
  writeFileSync(join(at.dir, 'vault.key'), 'short');
  await assert.rejects(at.open().unseal(two), { code: 'VAULT_KEY' });
});

test('evidence is named by its digest, kept once, and refused when it was changed', async () => {
  await using at = place();
  const { journal, sql } = await written(at);
  sql.close();
  const bytes = Buffer.from('a large result');
  const digest = await journal.putEvidence(RUN.id, bytes);
  assert.equal(await journal.putEvidence(RUN.id, bytes), digest);
  assert.deepEqual(Buffer.from((await journal.evidence(digest)) ?? []), bytes);
  assert.equal(await journal.evidence(`sha256:${'0'.repeat(64)}`), undefined);
  await assert.rejects(journal.evidence('sha256:../../etc'), TypeError);
  const hex = digest.slice(7);
  assert.deepEqual(readdirSync(join(at.dir, 'evidence', hex.slice(0, 2))), [hex], 'no draft is left');
  writeFileSync(join(at.dir, 'evidence', hex.slice(0, 2), hex), 'changed');
  await assert.rejects(journal.evidence(digest), { code: 'JOURNAL_CORRUPT' });
});
