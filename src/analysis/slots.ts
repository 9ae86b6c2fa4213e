import type { Slot } from './evidence.ts';
import type { Count } from './proportions.ts';

export type SideName = 'baseline' | 'candidate';

/** Requests without a good answer, of all requests. */
export function failures(slot: Slot, side: SideName): Count {
  const { sent, errors } = slot[side];
  return { events: errors.server + errors.transport + errors.timeout + (errors.retry ?? 0), trials: sent };
}

export function sum<T>(list: readonly T[], value: (each: T) => number): number {
  return list.reduce((total, each) => total + value(each), 0);
}

/** Slots of a measurement of up to an hour; longer ones have minutes. */
const USUAL_SLOTS = 60;
/** More would make evidence large and tell nothing more; slots become longer instead. */
const MOST_SLOTS = 480;
const MINUTE_MS = 60_000;
const SHORTEST_MS = 100;

/** How long a slot of time is, in milliseconds. @param mostMs how long the measurement may become when it is extended. */
export function slotLength(durationMs: number, mostMs: number = durationMs): number {
  const usual = Math.min(MINUTE_MS, Math.max(SHORTEST_MS, Math.round(durationMs / USUAL_SLOTS)));
  return Math.max(usual, Math.ceil(Math.max(durationMs, mostMs) / MOST_SLOTS));
}
