import type { NumericSample, RatioSample } from '../../analysis/index.ts';
import type { Collected } from './collect-shape.ts';
import { absentIsZero, type OpenedSources, questionOf } from './ask.ts';
import { mapParts, type MetricQuery, type NoNumber, type Parts, type Reading } from './port.ts';
import { noNumberOf, numericSample, ratioSample } from './samples.ts';

/** One side of one metric: its question and the answers so far, slot by slot. */
export interface Track {
  readonly name: string;
  readonly side: 'baseline' | 'candidate';
  readonly query: MetricQuery;
  /** Keep the readings of a slot; one that says something is never replaced by one that says nothing. */
  keep(slot: number, readings: Parts<Reading>): void;
  sample(slot: number): NumericSample | RatioSample;
  /** Why the slot is empty; undefined when it is not, or was never asked for. */
  reason(slot: number): NoNumber | undefined;
}

export function trackOf(metric: Collected, side: Track['side'], sources: OpenedSources): Track {
  const slots: Parts<Reading>[] = [];
  const written = metric.source[side];
  const options = { absentIsZero: absentIsZero(written) };
  const sampleOf = (parts: Parts<Reading>) => (metric.kind === 'numeric' ? numericSample(parts) : ratioSample(parts, options));
  return {
    name: metric.name,
    side,
    query: questionOf(written, sources),
    keep: (slot, readings) => {
      // Whole slots only: parts asked for at different times may contradict each other.
      if (slots[slot] === undefined || sampleOf(readings) !== null || sampleOf(slots[slot]) === null) slots[slot] = readings;
    },
    sample: (slot) => sampleOf(slots[slot] ?? {}),
    reason: (slot) => (sampleOf(slots[slot] ?? {}) === null ? noNumberOf(slots[slot] ?? {}) : undefined),
  };
}

/** The readings of one slot out of those of many. */
export function readingsAt(history: Parts<readonly Reading[]>, index: number): Parts<Reading> {
  return mapParts(history, (readings) => readings[index] ?? { none: 'gap' });
}
