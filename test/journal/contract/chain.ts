import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { verifyChain } from '../../../src/journal/index.ts';
import { leaseOf, type Place, RUN, type StoreUnderTest } from './place.ts';

async function written(at: Place) {
  const journal = await at.open();
  await journal.create(RUN, { type: 'first', text: 'é "quoted"' });
  const lease = await leaseOf(journal);
  for (let n = 0; n < 3; n++) await journal.append(RUN.id, [{ type: 'x', n, text: 'some text' }], lease);
  assert.equal((await journal.verify(RUN.id)).ok, true);
  return journal;
}

const CHANGES = [
  ['a body written otherwise with the same meaning', `UPDATE events SET body = replace(body, '"x"', ' "x"') WHERE seq = 3`],
  ['the time', 'UPDATE events SET at = at + 1 WHERE seq = 2'],
  ['the type beside the body', `UPDATE events SET type = 'y' WHERE seq = 2`],
  ['the link to the event before', `UPDATE events SET prev = 'sha256:0' WHERE seq = 2`],
  ['the hash', `UPDATE events SET hash = 'sha256:0' WHERE seq = 4`],
  ['the last event removed', 'DELETE FROM events WHERE seq = 4'],
  ['an event in the middle removed', 'DELETE FROM events WHERE seq = 2'],
  ['the first event removed', 'DELETE FROM events WHERE seq = 1'],
  ['all events removed', 'DELETE FROM events'],
  ['two events exchanged', 'UPDATE events SET seq = 99 WHERE seq = 2; UPDATE events SET seq = 2 WHERE seq = 3; UPDATE events SET seq = 3 WHERE seq = 99'],
  ['the head', `UPDATE runs SET head = 'sha256:0'`],
  ['the number of events', 'UPDATE runs SET last_seq = 3'],
  ['a body that is no JSON', `UPDATE events SET body = '{' WHERE seq = 1`],
] as const;

export function chainContract(store: StoreUnderTest): void {
  test('any changed character of any body is found', async () => {
    await using at = await store.place();
    const journal = await written(at);
    const bodies = (await at.sql('SELECT seq, body FROM events ORDER BY seq')).map((row) => ({ seq: Number(row['seq']), text: String(row['body']) }));
    const quoted = (text: string) => `'${text.replaceAll("'", "''")}'`;
    const property = fc.asyncProperty(fc.nat(bodies.length - 1), fc.nat(), fc.integer({ min: 1, max: 90 }), async (which, where, by) => {
      const { seq = 0, text = '' } = bodies[which] ?? {};
      const place = where % text.length;
      const other = text.slice(0, place) + String.fromCharCode(((((text.charCodeAt(place) - 32 + by) % 95) + 95) % 95) + 32) + text.slice(place + 1);
      fc.pre(other !== text);
      await at.sql(`UPDATE events SET body = ${quoted(other)} WHERE seq = ${seq}`);
      const verdict = await journal.verify(RUN.id);
      await at.sql(`UPDATE events SET body = ${quoted(text)} WHERE seq = ${seq}`);
      assert.deepEqual([verdict.ok, 'seq' in verdict && verdict.seq], [false, seq]);
    });
    await fc.assert(property, { numRuns: 25 });
    assert.equal((await journal.verify(RUN.id)).ok, true);
  });

  for (const [name, change] of CHANGES) {
    test(`verify finds: ${name}`, async () => {
      await using at = await store.place();
      const journal = await written(at);
      await at.sql(change);
      assert.equal((await journal.verify(RUN.id)).ok, false);
    });
  }

  test('an unknown run cannot be verified, and an exported chain can without the store', async () => {
    await using at = await store.place();
    const journal = await written(at);
    await assert.rejects(journal.verify('run-20261123-zzzzzzzzzz'), { code: 'RUN_NOT_FOUND' });
    const events = await journal.read(RUN.id);
    assert.deepEqual(verifyChain(RUN.id, events), await journal.verify(RUN.id));
    assert.equal(verifyChain('run-20261123-zzzzzzzzzz', events).ok, false, 'the chain belongs to its run');
  });

  test('a run is verified whole while others append to it', async () => {
    await using at = await store.place();
    const [journal, other] = [await written(at), await at.open()];
    const posts = Array.from({ length: 30 }, (_, n) => other.post(RUN.id, { type: 'p', n }, `p${n}`));
    for (let n = 0; n < 10; n++) assert.equal((await journal.verify(RUN.id)).ok, true, String(n));
    await Promise.all(posts);
  });
}
