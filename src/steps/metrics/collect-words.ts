import { NO_NUMBER_WORDS } from './samples.ts';
import type { Track } from './track.ts';

type Sample = ReturnType<Track['sample']>;

/** `3 of 30 slots; orders 41.2 and 43.0; checkout-errors 0.4% and 0.5%`. */
export function progressLine(tracks: readonly Track[], slot: number, count: number): string {
  const metrics = byMetric(tracks).map(([name, sides]) => `${name} ${sides.map((track) => newest(track, slot)).join(' and ')}`);
  return `${slot + 1} of ${count} slots; ${metrics.join('; ')}`;
}

/** One line for every side of a metric that has slots without data, with the usual reason. */
export function gapLines(tracks: readonly Track[], count: number): readonly string[] {
  return tracks.flatMap((track) => {
    const empty = Array.from({ length: count }, (_, slot) => slot).filter((slot) => track.sample(slot) === null);
    if (empty.length === 0) return [];
    const reasons = new Set(empty.map((slot) => NO_NUMBER_WORDS[track.reason(slot) ?? 'gap']));
    return [`${track.name} of the ${track.side} has no data for ${empty.length} of ${count} slots: ${[...reasons].join('; ')}`];
  });
}

interface SideSummary {
  readonly mean: number | null;
  readonly slots: number;
  readonly gaps: number;
}
/** Means over the whole time, for people and later steps; the verdict is made from the slots. */
export function summaryOf(
  tracks: readonly Track[],
  count: number,
): readonly { readonly name: string; readonly baseline: SideSummary; readonly candidate: SideSummary }[] {
  return byMetric(tracks).map(([name, sides]) => {
    const of = (side: Track['side']): SideSummary => {
      const track = sides.find((each) => each.side === side);
      const samples = Array.from({ length: count }, (_, slot) => track?.sample(slot) ?? null);
      return { mean: meanOf(samples), slots: samples.filter((sample) => sample !== null).length, gaps: samples.filter((sample) => sample === null).length };
    };
    return { name, baseline: of('baseline'), candidate: of('candidate') };
  });
}

function byMetric(tracks: readonly Track[]): readonly (readonly [string, readonly Track[]])[] {
  return [...Map.groupBy(tracks, ({ name }) => name)];
}

function newest(track: Track, slot: number): string {
  for (let at = slot; at >= 0 && at > slot - 3; at--) {
    const sample = track.sample(at);
    if (sample !== null) return wordsOf(sample);
  }
  return '-';
}

function wordsOf(sample: NonNullable<Sample>): string {
  if ('value' in sample) return Number(sample.value.toPrecision(4)).toString();
  return sample.trials === 0 ? 'no trial' : `${Number(((100 * sample.events) / sample.trials).toPrecision(3))}%`;
}

function meanOf(samples: readonly Sample[]): number | null {
  let [weighted, weight] = [0, 0];
  for (const sample of samples) {
    if (sample === null) continue;
    weighted += 'value' in sample ? sample.value * sample.weight : sample.events;
    weight += 'value' in sample ? sample.weight : sample.trials;
  }
  return weight === 0 ? null : weighted / weight;
}
