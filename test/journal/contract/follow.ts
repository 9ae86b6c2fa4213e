import assert from 'node:assert/strict';
import { test } from 'node:test';
import { leaseOf, RUN, type StoreUnderTest } from './place.ts';

const numbers = (count: number) => Array.from({ length: count }, (_, n) => n + 1);

export function followContract(store: StoreUnderTest): void {
  test('follow gives every event once, also those of another opening, until it is told to stop', { timeout: 20_000 }, async () => {
    await using at = await store.place();
    const [one, two] = [await at.open(), await at.open()];
    await one.create(RUN, { type: 'first' });
    const lease = await leaseOf(one);
    const stop = new AbortController();
    const seen: number[] = [];
    const following = (async () => {
      for await (const { seq } of two.follow(RUN.id, 0, stop.signal)) {
        seen.push(seq);
        if (seen.length === 21) stop.abort();
      }
    })();
    for (let n = 0; n < 10; n++) {
      await one.append(RUN.id, [{ type: 'a', n }], lease);
      await two.post(RUN.id, { type: 'p', n }, `p${n}`);
    }
    await following;
    assert.deepEqual(seen, numbers(21));
  });

  test('many followers of many runs all come to the end, each from where it began', { timeout: 20_000 }, async () => {
    await using at = await store.place();
    const [writer, reader] = [await at.open(), await at.open()];
    const ids = numbers(10).map((n) => `run-20261123-000000000${n % 10}`);
    for (const id of ids) await writer.create({ ...RUN, id }, { type: 'first' });
    const ended = ids.flatMap((id) =>
      [0, 1].map(async (from) => {
        const seen: number[] = [];
        for await (const { seq, body } of reader.follow(id, from, AbortSignal.timeout(15_000))) {
          seen.push(seq);
          if (body.type === 'end') break;
        }
        return [from, seen] as const;
      }),
    );
    for (const id of ids) for (let n = 0; n < 5; n++) await writer.post(id, { type: n === 4 ? 'end' : 'p', n }, `p${n}`);
    for (const [from, seen] of await Promise.all(ended)) assert.deepEqual(seen, numbers(6).slice(from));
  });

  test('a follower ends when its signal aborts while nothing happens', { timeout: 20_000 }, async () => {
    await using at = await store.place();
    const journal = await at.open();
    await journal.create(RUN, { type: 'first' });
    const stop = new AbortController();
    const seen: number[] = [];
    const following = (async () => {
      for await (const { seq } of journal.follow(RUN.id, 0, stop.signal)) {
        seen.push(seq);
        setTimeout(() => stop.abort(), 20);
      }
    })();
    await following;
    assert.deepEqual(seen, [1]);
  });
}
