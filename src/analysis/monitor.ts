import { distributionOf, quantileOf } from './distribution.ts';
import type { Arm, Slot } from './evidence.ts';
import { bucketOf } from './histogram.ts';
import { LEAST_SLOTS, longRun } from './long-run.ts';
import { type Metric, quantileIn } from './metric.ts';
import type { Count } from './proportions.ts';
import { failures, sum } from './slots.ts';
import { normalQuantile, studentQuantile } from './special.ts';
import type { Harm } from './verdict.ts';
import { percent, worseBy } from './words.ts';

/** Slots that set a threshold, and slots below which nothing is certain. */
export const BURN_IN = 5;
/** Requests. */
export const LEAST_SCALE = 4;
/** A candidate that fails this share of this many requests is down, whatever the metrics allow. */
const BROKEN = 0.5;
const BROKEN_REQUESTS = 30;
/** … unless the baseline fails more than this share itself. */
const HEALTHY = 0.1;

/** Watches a measurement slot by slot for harm. */
export interface Monitor {
  /** One more slot; says so when harm is now certain. Afterwards it says the same for ever. */
  add(slot: Slot): Harm | undefined;
}
export interface MonitorOptions {
  /** The chance to call sides different that are not, over the whole measurement and all metrics, is at most 1 - confidence. */
  readonly confidence: number;
  readonly timeoutMs: number;
}

/** What one slot says: requests of the candidate beyond what the margin allows, and how much that varies between equal sides. */
interface Excess {
  readonly value: number;
  readonly variance: number;
  readonly requests: number;
}
interface Watched {
  readonly label: string;
  /** Its mean is at most 0 without harm; null while nothing is known. */
  readonly excess: (slot: Slot, before: readonly Slot[]) => Excess | null;
  readonly words: (excess: number, requests: number) => string;
}

/**
 * A monitor that may look after every slot. The excess of each slot has mean 0 or less while the candidate is within the margin, so that a
 * self-normalised sum of them is a supermartingale, and its mixture bound (de la Peña, Klass and Lai 2004; Howard et al. 2021) holds at all times at once.
 * Where neighbouring slots hang together, the bound is widened by how much more their sum varies.
 */
export function createMonitor(metrics: readonly Metric[], { confidence, timeoutMs }: MonitorOptions): Monitor {
  const watched = metrics.filter(({ critical }) => critical ?? true).flatMap((metric) => watchedOf(metric, timeoutMs));
  const alpha = (1 - confidence) / Math.max(1, watched.length);
  const tests = watched.map((each) => ({ ...each, test: createTest(alpha) }));
  const before: Slot[] = [];
  let harm: Harm | undefined;
  return {
    add: (slot) => {
      if (harm) return harm;
      const index = before.length;
      const broken = brokenWords(slot);
      if (broken !== undefined) harm = { label: 'breaker', slot: index, sentence: broken };
      for (const { label, excess, words, test } of tests) {
        const value = excess(slot, before);
        if (value === null || harm) continue;
        const certain = test(value);
        if (certain) harm = { label, slot: index, sentence: `${words(certain.excess, certain.requests)} (certain after ${index + 1} slots)` };
      }
      before.push(slot);
      return harm;
    },
  };
}

/** Sum of excesses against a bound that holds at all times at once, with chance `alpha` to be passed. */
function createTest(alpha: number) {
  const values: number[] = [];
  let [variance, scale] = [0, LEAST_SCALE];
  const total = { excess: 0, requests: 0 };
  return (next: Excess) => {
    values.push(next.value);
    variance += next.variance;
    total.excess += next.value;
    total.requests += next.requests;
    // The mixture is tightest where the variance is some times its scale, so the first slot sets it.
    if (values.length === 1) scale = Math.max(LEAST_SCALE, 2 * variance);
    const bound = (spread: number) => Math.sqrt((spread + scale) * (2 * Math.log(1 / alpha) + Math.log((spread + scale) / scale)));
    // How slots hang together can only widen the bound, and takes long to compute.
    const certain = values.length >= BURN_IN && total.excess > bound(variance) && total.excess > bound(spreadOf(values, alpha));
    return certain ? total : undefined;
  };
}

/**
 * How much the sum of slots varies by what the slots themselves show, with the allowance that Student makes for so few of them; infinite when
 * it wanders.
 */
function spreadOf(values: readonly number[], alpha: number): number {
  if (values.length < LEAST_SLOTS) {
    const mean = sum(values, (value) => value) / values.length;
    return values.length < 2 ? 0 : (2 * values.length * sum(values, (value) => (value - mean) ** 2)) / (values.length - 1);
  }
  const { second, degrees, wanders } = longRun({ sums: values.map(() => 0), n: 1 }, { sums: values, n: 1 });
  if (wanders) return Infinity;
  return second * (studentQuantile(1 - alpha, degrees) / normalQuantile(1 - alpha)) ** 2;
}

function watchedOf(metric: Metric, timeoutMs: number): readonly Watched[] {
  switch (metric.kind) {
    case 'latency':
      return Object.entries(metric.quantiles).map(([name, margin]) => slowness(`${metric.name} ${name}`, { q: quantileIn(name), margin, timeoutMs }));
    case 'rate':
    case 'throughput':
      return [failing(metric.name, metric.margin)];
    case 'mismatch':
      return [mismatches(metric.name, metric.max)];
    case 'numeric':
    case 'ratio':
      return []; // sampled beside the probe, and not at hand while it runs
  }
}

/** Requests of the candidate beyond `1 + margin` times the baseline's quantile, against requests of the baseline beyond that quantile. */
function slowness(label: string, { q, margin, timeoutMs }: { readonly q: number; readonly margin: number; readonly timeoutMs: number }): Watched {
  let threshold: number | undefined;
  let known = 0;
  return {
    label,
    excess: (slot, before) => {
      if (before.length < BURN_IN) return null;
      // The baseline's quantile from earlier slots only; looked up again whenever there are half as many more.
      if (threshold === undefined || before.length >= known * 1.5) {
        threshold = quantileOf(distributionOf(before.map(({ baseline }) => baseline)), q, timeoutMs);
        known = before.length;
      }
      return excessOf(beyond(slot.candidate, threshold * (1 + margin), timeoutMs), beyond(slot.baseline, threshold, timeoutMs), 0);
    },
    words: () => `${label} grew by more than the allowed ${percent(margin)}`,
  };
}

function beyond({ latency, errors }: Arm, ms: number, timeoutMs: number): Count {
  const last = bucketOf(ms);
  let [events, trials, bucket] = [timeoutMs >= ms ? errors.timeout : 0, errors.timeout, 0];
  for (let index = 0; index + 1 < latency.length; index += 2) {
    bucket += latency[index] ?? 0;
    trials += latency[index + 1] ?? 0;
    if (bucket > last) events += latency[index + 1] ?? 0;
  }
  return { events, trials };
}

function failing(label: string, margin: number): Watched {
  return {
    label,
    excess: (slot) => excessOf(failures(slot, 'candidate'), failures(slot, 'baseline'), margin),
    words: (excess, requests) => `${label}: about ${worseBy('rate', excess / requests + margin)} more requests fail, and ${worseBy('rate', margin)} is allowed`,
  };
}

function mismatches(label: string, max: number): Watched {
  return {
    label,
    excess: ({ parity }) => {
      if (parity.compared === 0) return null;
      return { value: parity.mismatches - max * parity.compared, variance: parity.mismatches, requests: parity.compared };
    },
    words: (excess, requests) => `${label}: about ${percent(excess / requests + max)} of the answers differ, and ${percent(max)} may`,
  };
}

function excessOf(candidate: Count, baseline: Count, margin: number): Excess | null {
  if (candidate.trials === 0 || baseline.trials === 0) return null;
  const requests = Math.min(candidate.trials, baseline.trials);
  const [fresh, old] = [candidate.events / candidate.trials, baseline.events / baseline.trials];
  const variance = (fresh * (1 - fresh)) / candidate.trials + (old * (1 - old)) / baseline.trials;
  return { value: requests * (fresh - old - margin), variance: requests ** 2 * variance, requests };
}

/** The candidate is down in this slot, and the baseline is not. */
function brokenWords(slot: Slot): string | undefined {
  const [fresh, old] = [failures(slot, 'candidate'), failures(slot, 'baseline')];
  if (fresh.trials < BROKEN_REQUESTS || old.trials === 0) return undefined;
  if (fresh.events < BROKEN * fresh.trials || old.events > HEALTHY * old.trials) return undefined;
  return `the candidate failed ${fresh.events} of ${fresh.trials} requests in one slot of time, and the baseline ${old.events} of ${old.trials}`;
}
