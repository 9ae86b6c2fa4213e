import {
  compare,
  createMonitor,
  goalsOf,
  type Evidence,
  type Metric,
  noiseOf,
  quantileOf,
  sampleSize,
  type Slot,
  distributionOf,
} from '../../src/analysis/index.ts';
import { type Limits, RIVALS } from './rivals.ts';
import { ERROR_SHAPES, errorSlots, type ErrorShape, LATENCY_SHAPES, type LatencyShape, latencySlots, SLOTS, TIMEOUT_MS } from './shapes.ts';

/** How much is simulated. */
export interface Sizes {
  readonly seed: number;
  /** By what the usual numbers of runs were multiplied. */
  readonly scale: number;
  /** Requests of the baseline in each dual run. */
  readonly n: number;
  /** Dual runs for each wrong-pass rate of latencies, of failures, for each power, and for each rule in the side by side. */
  readonly wrongPass: number;
  readonly errors: number;
  readonly power: number;
  readonly rivals: number;
}
/** How often something happened. */
export interface Share {
  readonly events: number;
  readonly runs: number;
}

export const QUANTILES = { p50: 0.1, p95: 0.1, p99: 0.2 } as const;
export type QuantileName = keyof typeof QUANTILES;
export const NAMES: readonly QuantileName[] = ['p50', 'p95', 'p99'];
const latency = (...names: readonly QuantileName[]): Metric => ({
  name: 'latency',
  kind: 'latency',
  quantiles: Object.fromEntries(names.map((name) => [name, QUANTILES[name]])),
});
/** Slots of the earlier run whose noise is planned with, and most slots and requests of the planned one. */
const EARLIER_SLOTS = 240;
const MOST_SLOTS = 3_000;
const MOST_REQUESTS = 150_000;

export function evidenceOf(slots: Slot[], seed: number): Evidence {
  return {
    ...{ version: 1, algorithm: 'open-loop-pairs/2', seed, startedAt: 0, slotMs: 60_000, timeoutMs: TIMEOUT_MS, rate: 1 },
    ...{ baseline: 'http://old', candidate: 'http://new', requests: [], ignore: [], samples: [] },
    slots,
  };
}

/** How often equal sides pass as planned. */
export interface Power extends Share {
  /** Requests per side, and minutes that these take at the given rate. */
  readonly n: number;
  readonly minutes: number;
}
export interface LatencyResult {
  readonly shape: LatencyShape;
  readonly wrongPass: { readonly [name in QuantileName]: Share };
  readonly wrongFail: { readonly [name in QuantileName]: Share };
  readonly undecided: Share;
  readonly power: { readonly [name in QuantileName]: Power | undefined };
  /** Alarms of a monitor over a whole run, between equal sides and exactly at the margin. */
  readonly alarms: { readonly equal: Share; readonly margin: Share };
}

export function studyLatency(shape: LatencyShape, sizes: Sizes): LatencyResult {
  const counts = { pass: zero(), fail: zero() };
  let [undecided, alarmsAtMargin] = [0, 0];
  for (let run = 0; run < sizes.wrongPass; run++) {
    const slow = latencySlots(shape, { seed: sizes.seed + run, n: sizes.n, factor: 1.1 });
    const slower = latencySlots(shape, { seed: sizes.seed + 1_000_000 + run, n: sizes.n, factor: 1.2 });
    const judged = [...judge(slow, latency('p50', 'p95'), run), ...judge(slower, latency('p99'), run)];
    for (const [index, name] of NAMES.entries()) {
      const verdict = judged[index]?.verdict;
      if (verdict === 'pass') counts.pass[name]++;
      if (verdict === 'fail') counts.fail[name]++;
    }
    if (judged[0]?.verdict === 'inconclusive') undecided++;
    if (alarms(slow, latency('p50', 'p95'))) alarmsAtMargin++;
  }
  return {
    shape,
    wrongPass: shares(counts.pass, sizes.wrongPass),
    wrongFail: shares(counts.fail, sizes.wrongPass),
    undecided: { events: undecided, runs: sizes.wrongPass },
    power: { p50: power(shape, 'p50', sizes), p95: power(shape, 'p95', sizes), p99: power(shape, 'p99', sizes) },
    alarms: { equal: equalAlarms(shape, sizes), margin: { events: alarmsAtMargin, runs: sizes.wrongPass } },
  };
}

function judge(slots: Slot[], metric: Metric, seed: number) {
  return compare(evidenceOf(slots, seed), [metric]).metrics;
}

function alarms(slots: readonly Slot[], metric: Metric): boolean {
  const monitor = createMonitor([metric], { confidence: 0.95, timeoutMs: TIMEOUT_MS });
  return slots.some((slot) => monitor.add(slot) !== undefined);
}

function equalAlarms(shape: LatencyShape, { seed, n, wrongPass }: Sizes): Share {
  const runs = Math.ceil(wrongPass / 2);
  let events = 0;
  for (let run = 0; run < runs; run++) {
    if (alarms(latencySlots(shape, { seed: seed + 2_000_000 + run, n, factor: 1 }), latency(...NAMES))) events++;
  }
  return { events, runs };
}

/**
 * How often equal sides pass when they are measured for as long as the planner asks, at the noise of one earlier run and at its rate: that with which an
 * hour is just enough if all requests are independent. Where they are not, the planner asks for more time.
 */
function power(shape: LatencyShape, name: QuantileName, { seed, power: runs }: Sizes): Power | undefined {
  const metric = latency(name);
  const [goal] = goalsOf(metric);
  if (!goal || shape.hopeless === true) return undefined;
  const planned = (of: LatencyShape, rate: number) => {
    const slots = latencySlots(of, { seed: seed + 3_000_000, n: EARLIER_SLOTS * rate, factor: 1, slots: EARLIER_SLOTS });
    // The planner counts requests of the side that has fewer.
    return sampleSize(goal, { noise: noiseOf({ slots, timeoutMs: TIMEOUT_MS }, [metric]) }) / Math.min(1, of.unequal ?? 1);
  };
  const independent = { ...shape, unequal: shape.unequal ?? 1, levels: () => ({ baseline: [], candidate: [] }) };
  const alone = planned(shape.levels ? independent : shape, 200);
  if (!Number.isFinite(alone)) return { events: 0, runs: 0, n: alone, minutes: alone };
  const rate = Math.ceil(alone / SLOTS);
  const n = Math.max(planned(shape, rate), rate * SLOTS);
  const minutes = Math.ceil(n / rate);
  if (minutes > MOST_SLOTS || n > MOST_REQUESTS) return { events: 0, runs: 0, n, minutes };
  let events = 0;
  for (let run = 0; run < runs; run++) {
    const slots = latencySlots(shape, { seed: seed + 4_000_000 + run, n: minutes * rate, factor: 1, slots: minutes });
    if (judge(slots, metric, run)[0]?.verdict === 'pass') events++;
  }
  return { events, runs, n, minutes };
}

export interface ErrorResult {
  readonly shape: ErrorShape;
  readonly wrongPass: Share;
  readonly wrongFail: Share;
  readonly power: Power | undefined;
  readonly alarms: Share;
}

export function studyErrors(shape: ErrorShape, sizes: Sizes): ErrorResult {
  const metric: Metric = { name: 'errors', kind: 'rate', margin: shape.margin };
  let [pass, fail, told] = [0, 0, 0];
  for (let run = 0; run < sizes.errors; run++) {
    const slots = errorSlots(shape, { seed: sizes.seed + run, n: shape.n, rate: shape.rate + shape.margin });
    const verdict = judge(slots, metric, run)[0]?.verdict;
    if (verdict === 'pass') pass++;
    if (verdict === 'fail') fail++;
    if (alarms(errorSlots(shape, { seed: sizes.seed + 5_000_000 + run, n: shape.n, rate: shape.rate }), metric)) told++;
  }
  const runs = sizes.errors;
  return {
    shape,
    wrongPass: { events: pass, runs },
    wrongFail: { events: fail, runs },
    power: errorPower(shape, metric, sizes),
    alarms: { events: told, runs },
  };
}

function errorPower(shape: ErrorShape, metric: Metric, { seed, power: runs }: Sizes): Power | undefined {
  const [goal] = goalsOf(metric);
  if (!goal) return undefined;
  const unequal = shape.unequal ?? 1;
  const rate = Math.ceil(sampleSize(goal, { noise: { errorRate: shape.rate } }) / unequal / SLOTS);
  const earlier = errorSlots(shape, { seed: seed + 6_000_000, n: rate * EARLIER_SLOTS, rate: shape.rate, slots: EARLIER_SLOTS });
  const noise = noiseOf({ slots: earlier, timeoutMs: TIMEOUT_MS }, [metric]);
  const n = Math.max(sampleSize(goal, { noise }) / unequal, rate * SLOTS);
  const minutes = Math.ceil(n / rate);
  if (minutes > MOST_SLOTS) return { events: 0, runs: 0, n, minutes };
  let events = 0;
  for (let run = 0; run < runs; run++) {
    const slots = errorSlots(shape, { seed: seed + 7_000_000 + run, n: minutes * rate, rate: shape.rate, slots: minutes });
    if (judge(slots, metric, run)[0]?.verdict === 'pass') events++;
  }
  return { events, runs, n, minutes };
}

/** Share of runs that each rule lets pass. */
export interface RivalResult {
  readonly shape: LatencyShape;
  readonly world: string;
  readonly passes: { readonly [rule: string]: Share };
}
export const WORLDS = [
  { name: 'equal', factor: 1 },
  { name: '5 % slower (allowed)', factor: 1.05 },
  { name: 'at the margin', factor: 1.1 },
  { name: '20 % slower', factor: 1.2 },
] as const;

export function studyRivals(shape: LatencyShape, sizes: Sizes): readonly RivalResult[] {
  const truth = distributionOf(latencySlots(shape, { seed: sizes.seed + 8_000_000, n: 300_000, factor: 1 }).map(({ baseline }) => baseline));
  const q = { p50: 0.5, p95: 0.95, p99: 0.99 } as const;
  // All metrics allow 10 % here, so that "at the margin" is at the margin for all of them.
  const limits: Limits = { quantiles: Object.fromEntries(NAMES.map((name) => [name, quantileOf(truth, q[name], TIMEOUT_MS) * 1.1])), errorRate: 0.01 };
  const metrics: readonly Metric[] = [
    { name: 'latency', kind: 'latency', quantiles: { p50: 0.1, p95: 0.1, p99: 0.1 } },
    { name: 'errors', kind: 'rate', margin: 0.01 },
  ];
  return WORLDS.map(({ name, factor }) => {
    const passed = new Map<string, number>();
    for (let run = 0; run < sizes.rivals; run++) {
      const slots = latencySlots(shape, { seed: sizes.seed + 9_000_000 + run, n: 24_000, factor });
      if (compare(evidenceOf(slots, run), metrics).verdict === 'pass') passed.set('Slipway', (passed.get('Slipway') ?? 0) + 1);
      for (const rival of RIVALS) if (rival.passes(slots, limits)) passed.set(rival.name, (passed.get(rival.name) ?? 0) + 1);
    }
    const rules = ['Slipway', ...RIVALS.map((rival) => rival.name)];
    return { shape, world: name, passes: Object.fromEntries(rules.map((rule) => [rule, { events: passed.get(rule) ?? 0, runs: sizes.rivals }])) };
  });
}

/** Shapes on which the rules are compared. */
export const RIVAL_SHAPES: readonly LatencyShape[] = LATENCY_SHAPES.filter(({ name }) =>
  ['web', 'heavy tail', 'shared drift', 'autocorrelated'].includes(name),
);
export { ERROR_SHAPES, LATENCY_SHAPES };

function zero(): { [name in QuantileName]: number } {
  return { p50: 0, p95: 0, p99: 0 };
}

function shares(counts: { readonly [name in QuantileName]: number }, runs: number): { readonly [name in QuantileName]: Share } {
  return { p50: { events: counts.p50, runs }, p95: { events: counts.p95, runs }, p99: { events: counts.p99, runs } };
}
