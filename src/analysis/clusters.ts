import { LEAST_SLOTS, longRun } from './long-run.ts';
import type { Count } from './proportions.ts';

/** Events and trials of both sides in one slot of time. */
export interface PairedCount {
  readonly baseline: Count;
  readonly candidate: Count;
}
/** How much more events vary than independent ones would, because they come in bursts or in waves. */
export interface Clustering {
  /** Factor on the variance of the difference of the shares. */
  readonly effect: number;
  readonly degrees: number;
  readonly factor: number;
  readonly correlated: boolean;
  readonly wanders: boolean;
}

const INDEPENDENT: Clustering = { effect: 1, degrees: Infinity, factor: 1, correlated: false, wanders: false };

/** Of the difference of two shares. What bursts both sides share is not taken to cancel out: few bursts do not show how well they do. */
export function clusteringOf(slots: readonly PairedCount[]): Clustering {
  const [baseline, candidate] = [totalOf(slots, 'baseline'), totalOf(slots, 'candidate')];
  const expected = variance(baseline) / baseline.trials + variance(candidate) / candidate.trials;
  if (slots.length < LEAST_SLOTS || !(expected > 0)) return INDEPENDENT;
  const { first, second, both, ...rest } = longRun(deviations(slots, 'baseline', baseline), deviations(slots, 'candidate', candidate));
  const seen = first / baseline.trials ** 2 + second / candidate.trials ** 2 - (2 * Math.min(0, both)) / (baseline.trials * candidate.trials);
  return { effect: seen / expected, ...rest };
}

/** Of one share. */
export function clusteringOfOne(slots: readonly Count[]): Clustering {
  const total = sumOf(slots);
  const expected = variance(total) / total.trials;
  if (slots.length < LEAST_SLOTS || !(expected > 0)) return INDEPENDENT;
  const series = deviationsOf(slots, total);
  const { first, ...rest } = longRun(series, { sums: series.sums.map(() => 0), n: series.n });
  return { effect: first / total.trials ** 2 / expected, ...rest };
}

/** As many independent trials as these are worth. */
export function effective({ events, trials }: Count, effect: number): Count {
  // Less than nothing is no factor; a thousandth keeps numbers finite when all slots happen to be alike.
  const factor = Math.max(effect, 0.001);
  return { events: events / factor, trials: trials / factor };
}

export function totalOf(slots: readonly PairedCount[], side: keyof PairedCount): Count {
  return sumOf(slots.map((slot) => slot[side]));
}

export function sumOf(counts: readonly Count[]): Count {
  return { events: counts.reduce((sum, { events }) => sum + events, 0), trials: counts.reduce((sum, { trials }) => sum + trials, 0) };
}

function deviations(slots: readonly PairedCount[], side: keyof PairedCount, total: Count) {
  return deviationsOf(
    slots.map((slot) => slot[side]),
    total,
  );
}

function deviationsOf(slots: readonly Count[], total: Count) {
  const share = total.events / total.trials;
  return { sums: slots.map(({ events, trials }) => events - share * trials), n: total.trials };
}

function variance({ events, trials }: Count): number {
  const share = events / trials;
  return share * (1 - share);
}
