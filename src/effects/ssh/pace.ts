import type { Clock } from '../../core/index.ts';
import { createSlots } from './slots.ts';
import { startTimer } from './timer.ts';

/** Different machines, so no server is stormed; together their handshakes keep one core busy for less than a second. */
const FIRST_LIMIT = 64;
const LEAST_LIMIT = 4;
const MOST_LIMIT = 200;
/** Someone who takes longer than this is waited for beside the others: a rack of dead machines in the crowd must not hold the others up. */
const SLOW_MS = 1_500;
const MOST_BESIDE = 256;
/** Connections take so many times as long as the quickest of late: this machine, or the way out of it, has enough to do. */
const CROWDED = 4;
/** What was quickest counts for twice as much after this time, so that a way that has become longer is not taken for a crowd for ever. */
const FORGETTING_MS = 60_000;
/** Below this, times are too short to tell anything. */
const ALWAYS_QUICK_MS = 250;

/** How many connections this process begins at once: more while they come quickly, fewer while they become slow. */
export interface Pace {
  /** Do it when there is a place. Rejects with the signal's reason while it waits for one, else with whatever the work throws. */
  run<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T>;
  limit(): number;
}

export function createPace(clock: Clock): Pace {
  const slots = createSlots(FIRST_LIMIT);
  let typicalMs = 0;
  let bestMs = Infinity;
  let learnedAt = 0;
  let beside = 0;
  const move = (limit: number): void => slots.resize(Math.min(MOST_LIMIT, Math.max(LEAST_LIMIT, limit)));
  const learn = (ms: number): void => {
    const now = clock.monotonic();
    bestMs = Math.min(bestMs * 2 ** ((now - learnedAt) / FORGETTING_MS), ms);
    learnedAt = now;
    typicalMs = typicalMs === 0 ? ms : typicalMs * 0.9 + ms * 0.1;
    const isCrowded = typicalMs > Math.max(ALWAYS_QUICK_MS, CROWDED * bestMs);
    move(isCrowded ? slots.limit() * (1 - 0.5 / slots.limit()) : slots.limit() + 1 / slots.limit());
  };
  return {
    run: async (work, signal) => {
      const leave = await slots.take(signal);
      const began = clock.monotonic();
      let isBeside = false;
      const called = startTimer(clock, SLOW_MS, () => {
        if (beside >= MOST_BESIDE) return;
        isBeside = true;
        beside++;
        leave();
      });
      try {
        const result = await work();
        learn(clock.monotonic() - began);
        return result;
      } finally {
        called();
        if (isBeside) beside--;
        leave();
      }
    },
    limit: () => slots.limit(),
  };
}
