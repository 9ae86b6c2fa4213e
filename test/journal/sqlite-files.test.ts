import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import fc from 'fast-check';
import { Secret } from '../../src/core/index.ts';
import { leaseOf, place, RUN } from './support.ts';

/** What only a journal in files has; what every store promises is in contract/. */
async function written(at: ReturnType<typeof place>) {
  const journal = at.open();
  await journal.create(RUN, { type: 'first', text: 'é "quoted"' });
  const lease = await leaseOf(journal);
  for (let n = 0; n < 3; n++) await journal.append(RUN.id, [{ type: 'x', n, text: 'some text' }], lease);
  return { journal, sql: new DatabaseSync(join(at.dir, 'journal.db')) };
}

test('any changed byte of any body is found, also one that makes it no text at all', async () => {
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

test('the key of the vault is a file of the folder, and one that was replaced opens nothing', async () => {
  await using at = place();
  const { journal, sql } = await written(at);
  sql.close();
  const reference = await journal.seal(RUN.id, new Secret('correct horse battery staple'));
  const key = join(at.dir, 'vault.key');
  const bytes = readFileSync(key);
  for (const text of [bytes.toString('hex'), `${bytes.toString('base64')}\n`]) {
    writeFileSync(key, text);
    assert.equal((await at.open().unseal(reference)).reveal(), 'correct horse battery staple');
  }
  writeFileSync(key, Buffer.alloc(32));
  await assert.rejects(at.open().unseal(reference), { code: 'SECRET_UNREADABLE' });
  writeFileSync(key, 'short');
  await assert.rejects(at.open().unseal(reference), { code: 'VAULT_KEY' });
});

test('evidence is a file named by its digest, without drafts beside it, and refused when it was changed', async () => {
  await using at = place();
  const { journal, sql } = await written(at);
  sql.close();
  const digest = await journal.putEvidence(RUN.id, Buffer.from('a large result'));
  const hex = digest.slice(7);
  assert.deepEqual(readdirSync(join(at.dir, 'evidence', hex.slice(0, 2))), [hex], 'no draft is left');
  writeFileSync(join(at.dir, 'evidence', hex.slice(0, 2), hex), 'changed');
  await assert.rejects(journal.evidence(digest), { code: 'JOURNAL_CORRUPT' });
});

test('a state folder inside a repository keeps itself out of Git', async () => {
  await using at = place();
  at.open();
  assert.equal(readFileSync(join(at.dir, '.gitignore'), 'utf8'), '*\n');
});
