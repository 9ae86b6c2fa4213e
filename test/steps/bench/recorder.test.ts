import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ignored } from '../../../src/steps/bench/body.ts';
import { drive } from '../../../src/steps/bench/drive.ts';
import { createRecorder } from '../../../src/steps/bench/recorder.ts';
import { jumpingClock } from '../context.ts';

const options = { slotMs: 100, timeoutMs: 1_000, ignore: ignored([]) };
const answer = (latencyMs: number) => {
  const response = { status: 200, headers: {}, body: Buffer.from('{}'), bodyBytes: 2, totalMs: latencyMs };
  return { type: 'answer' as const, latencyMs, response };
};
const pair = (offsetMs: number, ms = 5) => ({ baseline: answer(ms), candidate: answer(ms), offsetMs, name: 'GET /' });

test('a slot is settled when its time is over and every pair of it has ended', () => {
  const recorder = createRecorder(options);
  for (const offset of [0, 50, 120]) recorder.expect(offset);
  recorder.add(pair(0));
  recorder.add(pair(120));
  assert.equal(recorder.settled(250).length, 0, 'one pair of the first slot is under way');
  recorder.add(pair(50));
  assert.equal(recorder.settled(99).length, 0, 'its time is not over');
  assert.equal(recorder.settled(199).length, 1);
  assert.equal(recorder.settled(250).length, 2);
});

test('settling early or late makes no difference to what was counted', () => {
  const offsets = fc.array(fc.double({ min: 0, max: 2_000, noNaN: true }), { minLength: 1, maxLength: 60 });
  fc.assert(
    fc.property(offsets, fc.boolean(), (list, early) => {
      const sorted = list.toSorted((a, b) => a - b);
      const [one, other] = [createRecorder(options), createRecorder(options)];
      for (const [index, offset] of sorted.entries()) {
        for (const recorder of [one, other]) {
          recorder.expect(offset);
          recorder.add(pair(offset, 1 + index));
        }
        if (early) one.settled(offset);
      }
      assert.deepEqual(one.slots(), other.slots());
      assert.deepEqual(one.summary('candidate'), other.summary('candidate'));
      assert.deepEqual(one.parity(), other.parity());
    }),
  );
});

test('a tick never tells a time by which something due was not started, also when the clock oversleeps', async () => {
  const clock = jumpingClock();
  const late = { ...clock, sleep: (ms: number, signal?: AbortSignal) => clock.sleep(ms + 350, signal) };
  const started: number[] = [];
  const told: number[] = [];
  await drive({
    ...{ clock: late, signal: new AbortController().signal, rate: 10, durationMs: 20_000 },
    start: async (_index, _dueAt, offsetMs) => void started.push(offsetMs),
    tick: (elapsedMs) => {
      const due = Math.ceil(elapsedMs / 100 - 1e-9);
      assert.ok(started.length >= Math.min(due, 200), `${started.length} started of ${due} due before ${elapsedMs}`);
      told.push(elapsedMs);
      return undefined;
    },
  });
  assert.ok(told.length >= 10);
  assert.equal(started.length, 200);
});
