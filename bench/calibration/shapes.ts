import { type Arm, createHistogram, createRandom, type Random, type Slot } from '../../src/analysis/index.ts';
import { normalSampler } from '../../src/analysis/normal.ts';

export const SLOTS = 60;
export const TIMEOUT_MS = 10_000;

/** Chance, as traffic uses it, and for how many slots. */
export interface Chance {
  readonly random: Random;
  readonly normal: () => number;
  readonly slots: number;
}
/** What both sides have in common in each slot, and what only one of them has: factors on the latency. */
interface Levels {
  readonly baseline: readonly number[];
  readonly candidate: readonly number[];
}
/** One kind of traffic. Latencies in milliseconds. */
export interface LatencyShape {
  readonly name: string;
  readonly about: string;
  readonly draw: (chance: Chance) => number;
  readonly levels?: (chance: Chance) => Levels;
  /** Latencies are rounded to this many milliseconds. */
  readonly roundMs?: number;
  /** Requests of the candidate for each of the baseline. */
  readonly unequal?: number;
  /** Chances that a request has no answer in time, and that it is asked to come again. */
  readonly lost?: { readonly timeout: number; readonly retry: number };
  /** No method keeps its rate here, so the verdict must be undecided most of the time. */
  readonly hopeless?: boolean;
}

const web = ({ normal }: Chance) => 50 * Math.exp(0.6 * normal());
/** A level that wanders: correlation from slot to slot, and standard deviation of its logarithm. */
function wandering({ normal, slots }: Chance, persistence: number, deviation: number): readonly number[] {
  let at = normal() * deviation;
  return Array.from({ length: slots }, () => {
    const here = Math.exp(at);
    at = persistence * at + Math.sqrt(1 - persistence ** 2) * deviation * normal();
    return here;
  });
}
const apart = (persistence: number, deviation: number) => (chance: Chance) => ({
  baseline: wandering(chance, persistence, deviation),
  candidate: wandering(chance, persistence, deviation),
});
const together = (persistence: number, deviation: number) => (chance: Chance) => {
  const shared = wandering(chance, persistence, deviation);
  return { baseline: shared, candidate: shared };
};

export const LATENCY_SHAPES: readonly LatencyShape[] = [
  { name: 'web', about: 'log-normal, median 50 ms, deviation 0.6', draw: web },
  { name: 'heavy tail', about: 'Pareto, exponent 1.5: no variance', draw: ({ random }) => 20 * (1 - random()) ** (-1 / 1.5) },
  { name: 'ties', about: 'log-normal, rounded to whole milliseconds', draw: web, roundMs: 1 },
  {
    name: 'two modes',
    about: '70 % answered from a cache in 5 ms, the rest in 80 ms',
    draw: ({ random, normal }) => (random() < 0.7 ? 5 * Math.exp(0.2 * normal()) : 80 * Math.exp(0.3 * normal())),
  },
  {
    name: 'shared drift',
    about: 'both sides slow down together: correlation 0.8 from minute to minute, deviation 30 %',
    draw: web,
    levels: together(0.8, 0.3),
  },
  { name: 'own drift', about: 'each side by itself, a new level every minute, deviation 10 %', draw: web, levels: apart(0, 0.1) },
  { name: 'autocorrelated', about: 'each side by itself: correlation 0.5 from minute to minute, deviation 10 %', draw: web, levels: apart(0.5, 0.1) },
  { name: 'strongly autocorrelated', about: 'as before, correlation 0.7', draw: web, levels: apart(0.7, 0.1) },
  {
    name: 'slow drift apart',
    about: 'correlation 0.97, deviation 50 %: slower than the measurement is long',
    draw: web,
    levels: apart(0.97, 0.5),
    hopeless: true,
  },
  { name: 'unequal arms', about: 'the candidate gets a third of the requests', draw: web, unequal: 1 / 3 },
  { name: 'lost requests', about: '0.2 % time-outs and 0.2 % asked to come again, on both sides', draw: web, lost: { timeout: 0.002, retry: 0.002 } },
];

export interface World {
  readonly seed: number;
  /** Requests of the baseline. */
  readonly n: number;
  /** The candidate takes this many times as long. */
  readonly factor: number;
  /** SLOTS unless told. */
  readonly slots?: number;
}

/** A dual run under a shape. */
export function latencySlots(shape: LatencyShape, { seed, n, factor, slots = SLOTS }: World): Slot[] {
  const random = createRandom(seed, shape.name);
  const chance = { random, normal: normalSampler(random), slots };
  const levels = shape.levels?.(chance);
  return Array.from({ length: slots }, (_, slot) => {
    const share = (whole: number) => Math.floor((whole * (slot + 1)) / slots) - Math.floor((whole * slot) / slots);
    const baseline = latencyArm(shape, chance, { n: share(n), factor: levels?.baseline[slot] ?? 1 });
    const candidate = latencyArm(shape, chance, { n: share(Math.round(n * (shape.unequal ?? 1))), factor: factor * (levels?.candidate[slot] ?? 1) });
    return { baseline, candidate, parity: { compared: 0, mismatches: 0 } };
  });
}

function latencyArm(shape: LatencyShape, chance: Chance, { n, factor }: { readonly n: number; readonly factor: number }): Arm {
  const [latency, refused] = [createHistogram(), createHistogram()];
  const errors = { server: 0, transport: 0, timeout: 0, retry: 0 };
  for (let index = 0; index < n; index++) {
    const fate = shape.lost ? chance.random() : 1;
    const exact = factor * shape.draw(chance);
    const ms = shape.roundMs === undefined ? exact : Math.round(exact / shape.roundMs) * shape.roundMs;
    if (fate < (shape.lost?.timeout ?? 0) || ms >= TIMEOUT_MS) errors.timeout++;
    else if (fate < (shape.lost?.timeout ?? 0) + (shape.lost?.retry ?? 0)) {
      errors.retry++;
      refused.record(chance.random() * ms);
    } else latency.record(ms);
  }
  return { sent: n, errors, latency: latency.encode(), refused: refused.encode() };
}

/** One kind of failures: the chance to fail in each slot, for a mean chance. */
export interface ErrorShape {
  readonly name: string;
  readonly about: string;
  readonly n: number;
  /** Share of the baseline's requests that fail, and what the candidate may have more. */
  readonly rate: number;
  readonly margin: number;
  readonly chances: (mean: number, chance: Chance) => readonly number[];
  readonly unequal?: number;
  /** Both sides fail at the same moments. */
  readonly shared?: boolean;
  readonly hopeless?: boolean;
}

const steady = (mean: number, { slots }: Chance) => Array<number>(slots).fill(mean);
/** Bursts that begin with this chance in each slot and last so many slots; outside of them nothing fails. */
const bursts =
  (begin: number, last: number) =>
  (mean: number, { random, slots }: Chance): readonly number[] => {
    const chances = Array<number>(slots).fill(0);
    for (let slot = -last; slot < slots; slot++) {
      if (random() >= begin) continue;
      for (let at = Math.max(0, slot); at < Math.min(slots, slot + last); at++) chances[at] = Math.min(1, (chances[at] ?? 0) + mean / (begin * last));
    }
    return chances;
  };
const waves = (persistence: number, deviation: number) => (mean: number, chance: Chance) =>
  wandering(chance, persistence, deviation).map((level) => Math.min(1, mean * level * Math.exp(-(deviation ** 2) / 2)));

export const ERROR_SHAPES: readonly ErrorShape[] = [
  { name: 'rare', about: 'one in a thousand', n: 17_000, rate: 0.001, margin: 0.001, chances: steady },
  { name: 'none before', about: 'the baseline never fails', n: 6_000, rate: 0, margin: 0.001, chances: steady },
  { name: 'frequent', about: 'one in a hundred', n: 7_000, rate: 0.01, margin: 0.005, chances: steady },
  { name: 'very rare', about: 'one in ten thousand', n: 7_000, rate: 0.0001, margin: 0.0005, chances: steady },
  { name: 'unequal arms', about: 'the candidate gets a third of the requests', n: 7_000, rate: 0.01, margin: 0.005, chances: steady, unequal: 1 / 3 },
  { name: 'bursts', about: 'only in one minute of seven', n: 12_000, rate: 0.005, margin: 0.005, chances: bursts(0.15, 1) },
  { name: 'long bursts', about: 'only in bursts of three minutes, six in an hour', n: 12_000, rate: 0.005, margin: 0.005, chances: bursts(0.1, 3) },
  { name: 'shared bursts', about: 'bursts of two minutes that hit both sides', n: 12_000, rate: 0.005, margin: 0.005, chances: bursts(0.15, 2), shared: true },
  { name: 'waves', about: 'correlation 0.7 from minute to minute, deviation 70 %', n: 12_000, rate: 0.01, margin: 0.005, chances: waves(0.7, 0.7) },
];

export interface ErrorWorld {
  readonly seed: number;
  readonly n: number;
  /** Share of the candidate's requests that fail, on average. */
  readonly rate: number;
  readonly slots?: number;
}

/** A dual run that only counts failures. */
export function errorSlots(shape: ErrorShape, { seed, n, rate, slots = SLOTS }: ErrorWorld): Slot[] {
  const random = createRandom(seed, shape.name);
  const chance = { random, normal: normalSampler(random), slots };
  const old = shape.chances(shape.rate, chance);
  const fresh = shape.shared ? old.map((one) => Math.min(1, (one * rate) / shape.rate)) : shape.chances(rate, chance);
  const each = Math.round(n / slots);
  return Array.from({ length: slots }, (_, slot) => ({
    baseline: errorArm(each, old[slot] ?? 0, chance),
    candidate: errorArm(Math.round(each * (shape.unequal ?? 1)), fresh[slot] ?? 0, chance),
    parity: { compared: 0, mismatches: 0 },
  }));
}

function errorArm(sent: number, rate: number, { random }: Chance): Arm {
  let failed = 0;
  // Jumps from failure to failure are geometric; drawing each request would take as long as there are requests.
  if (rate > 0) for (let at = gap(rate, random); at < sent; at += gap(rate, random) + 1) failed++;
  return { sent, errors: { server: failed, transport: 0, timeout: 0 }, latency: sent > failed ? [1_000, sent - failed] : [] };
}

function gap(rate: number, random: Random): number {
  return rate >= 1 ? 0 : Math.floor(Math.log(1 - random()) / Math.log1p(-rate));
}
