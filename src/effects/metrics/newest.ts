import { mapParts, type Parts, type Reading, type Slots } from '../../steps/index.ts';

/** Clouds publish late; a number older than this is none. */
const LATEST_MS = 300_000;
const MOST_SLOTS = 300;

/** The whole windows on the clock's grid that may hold the newest number of a cloud. */
export function recentSlots(windowMs: number, now: number): Slots {
  const count = Math.min(MOST_SLOTS, Math.max(2, Math.ceil(LATEST_MS / windowMs)));
  return { fromMs: (Math.floor(now / windowMs) - count) * windowMs, slotMs: windowMs, count };
}

/** All parts of the newest slot that has what is measured; of the last slot when none has. */
export function newestOf(history: Parts<readonly Reading[]>): Parts<Reading> {
  const measured = history.trials ?? history.value ?? [];
  const newest = measured.findLastIndex((reading) => 'value' in reading);
  const at = newest < 0 ? measured.length - 1 : newest;
  return mapParts(history, (readings) => readings[at] ?? { none: 'gap' });
}

/** One reading a slot from samples at the beginnings of slots; two in one slot are two series. */
export function onSlots(samples: Iterable<readonly [atMs: number, value: number | undefined]>, { fromMs, slotMs, count }: Slots): readonly Reading[] {
  const readings = Array.from({ length: count }, (): Reading => ({ none: 'gap' }));
  for (const [atMs, value] of samples) {
    const slot = (atMs - fromMs) / slotMs;
    if (value === undefined || !Number.isInteger(slot) || readings[slot] === undefined) continue;
    const isFirst = 'none' in readings[slot] && readings[slot].none === 'gap';
    readings[slot] = !isFirst ? { none: 'manySeries' } : Number.isFinite(value) ? { value } : { none: 'notANumber' };
  }
  return readings;
}
