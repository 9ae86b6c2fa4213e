import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '../../../src/core/index.ts';
import { type Beat, startPulse } from '../../../src/engine/temporal/activities/pulse.ts';

/** A clock that a test moves. */
function clockAt(): { now: number } & Pick<typeof systemClock, 'monotonic'> {
  const at = { now: 0, monotonic: () => at.now };
  return at;
}
const beating = (answer: () => Promise<Beat>) => {
  const clock = clockAt();
  const shutdown = new AbortController();
  const pulse = startPulse({ clock: { ...systemClock, monotonic: clock.monotonic }, beat: answer, heartbeatMs: 50, shutdown: shutdown.signal });
  return { clock, pulse };
};

test('a worker that was frozen for too long knows it before its next sign of life', () => {
  const { clock, pulse } = beating(async () => 'ok');
  using _end = pulse;
  assert.equal(pulse.isLost(), false);
  clock.now += 60; // and no timer has run since
  assert.equal(pulse.isLost(), true);
});

test('an effect that was given up by the server ends, and what it says does not count; one that was cancelled may still say how it ended', async () => {
  for (const [answer, isLost] of [
    ['gone', true],
    ['cancelled', false],
  ] as const) {
    const { pulse } = beating(async () => answer);
    using _end = pulse;
    await new Promise((done) => pulse.signal.addEventListener('abort', done, { once: true }));
    assert.equal(pulse.isLost(), isLost, answer);
  }
});

test('an effect ends for a reason of its own', () => {
  const { pulse } = beating(async () => 'ok');
  using _end = pulse;
  const why = new Error('its locks have passed to somebody else');
  pulse.lose(why);
  assert.deepEqual([pulse.isLost(), pulse.signal.reason], [true, why]);
});
