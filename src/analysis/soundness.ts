import type { Slot } from './evidence.ts';
import { LEAST_SLOTS } from './long-run.ts';
import { sum } from './slots.ts';
import type { MetricResult, Soundness } from './verdict.ts';
import { percent } from './words.ts';

/** Least share of the load of both sides that must fall into the same slots. */
const LEAST_CONCURRENT = 0.9;

/**
 * May this measurement pass anybody? Both sides must have been measured at the same time, in enough slots to see how they hang together, and the old
 * side must not differ from itself.
 */
export function soundnessOf(slots: readonly Slot[], abCheck: readonly MetricResult[] | null): Soundness {
  const concurrent = concurrency(slots);
  const complaints: string[] = [];
  if (slots.length > 0 && slots.length < LEAST_SLOTS) complaints.push(`the measurement has ${slots.length} slots, and ${LEAST_SLOTS} are needed`);
  if (slots.length > 0 && concurrent < LEAST_CONCURRENT) {
    complaints.push(`the sides were not measured at the same time: only ${percent(concurrent)} of their requests are side by side`);
  }
  return { concurrent, complaints: [...complaints, ...(abCheck ?? []).filter(isOff).map(({ sentence }) => `the old side differs from itself: ${sentence}`)] };
}

/** Overlap of how both sides spread their requests over time: 1 when they did it alike, whatever their numbers. */
function concurrency(slots: readonly Slot[]): number {
  const [baseline, candidate] = [sum(slots, (slot) => slot.baseline.sent), sum(slots, (slot) => slot.candidate.sent)];
  if (baseline === 0 || candidate === 0) return 0;
  return sum(slots, (slot) => Math.min(slot.baseline.sent / baseline, slot.candidate.sent / candidate));
}

/** For certain, the old side is worse, or better, than itself by more than half of what the new side may be worse. */
function isOff({ critical, lower, upper, margin }: MetricResult): boolean {
  return critical && ((lower !== null && lower > margin / 2) || (upper !== null && upper < -margin / 2));
}
