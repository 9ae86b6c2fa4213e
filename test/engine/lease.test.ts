import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SlipwayError, systemClock } from '../../src/core/index.ts';
import { holdLease } from '../../src/engine/local/lease.ts';
import { create, graphOf, node, RUN_ID, temporaryJournal } from './support.ts';

const soon = (ms: number) => new Promise((done) => setTimeout(done, ms));

async function held(ttlMs: number, answer: (nth: number) => void) {
  const place = temporaryJournal();
  await create({ journal: place.journal, graph: graphOf([node('one/a')]), kinds: [] });
  const lease = await place.journal.acquire(RUN_ID, 'test:1', ttlMs);
  assert.ok('token' in lease);
  let nth = 0;
  const heartbeat: typeof place.journal.heartbeat = async (...args) => {
    answer(++nth);
    return place.journal.heartbeat(...args);
  };
  return { place, hold: holdLease(lease, { journal: { ...place.journal, heartbeat }, clock: systemClock, ttlMs }), beats: () => nth };
}
const away = () => {
  throw new SlipwayError('JOURNAL_IO', 'not reachable');
};

test('a store that is away for a moment does not end a lease', { timeout: 10_000 }, async () => {
  const { place, hold, beats } = await held(300, (nth) => {
    if (nth === 1) away();
  });
  await using _place = place;
  while (beats() < 3) await soon(10);
  assert.equal(hold.signal.aborted, false);
  await hold[Symbol.asyncDispose]();
  assert.equal((await place.journal.run(RUN_ID))?.lease, undefined);
});

test('a store that stays away ends it before anybody else can take it', { timeout: 10_000 }, async () => {
  const { place, hold } = await held(3_000, away);
  await using _place = place;
  await new Promise((done) => hold.signal.addEventListener('abort', done));
  assert.equal((hold.signal.reason as SlipwayError).code, 'JOURNAL_IO');
  const { expiresAt = 0 } = (await place.journal.run(RUN_ID))?.lease ?? {};
  assert.ok(expiresAt > Date.now());
  await hold[Symbol.asyncDispose]();
});

test('a lease that another process has taken is lost at once', { timeout: 10_000 }, async () => {
  const { place, hold, beats } = await held(3_000, () => {
    throw new SlipwayError('JOURNAL_FENCED', 'taken');
  });
  await using _place = place;
  await new Promise((done) => hold.signal.addEventListener('abort', done));
  assert.equal(beats(), 1);
  await hold[Symbol.asyncDispose]();
});
