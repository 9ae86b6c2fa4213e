import type { Series } from '../../analysis/index.ts';
import type { StepContext, StepOutcome } from '../kind.ts';
import { openSources } from './ask.ts';
import { type CollectInput, DURATION_MS, SLOT_MS } from './collect-shape.ts';
import { type Follow, follow } from './follow.ts';
import { remembers } from './port.ts';
import { gapLines, progressLine, summaryOf } from './collect-words.ts';
import { settleLate } from './late.ts';
import { type Track, trackOf } from './track.ts';
import { createTurnsOf } from './turns.ts';

/** Clouds publish a minute some minutes later. */
const CLOUD_SETTLE_MS = 180_000;
const TOLD_EVERY_MS = 60_000;

/**
 * Sample both sides of every metric, slot by slot, and keep the series as evidence. A source that is down leaves gaps; only one
 * that can never answer ends the step.
 *
 * @throws {SlipwayError} `METRIC_SOURCE_UNKNOWN`, `METRIC_SOURCE_DENIED`, `METRIC_QUERY_WRONG` and what else no retry mends.
 */
export async function runCollect(input: CollectInput, context: StepContext): Promise<StepOutcome> {
  const plan = planOf(input, context.ports.clock.now());
  const sources = await openSources(input.sources, context.checkout);
  const tracks = input.metrics.flatMap((metric) => (['baseline', 'candidate'] as const).map((side) => trackOf(metric, side, sources)));
  context.log(`${plan.count} slots of ${plan.slotMs / 1_000} s from ${new Date(plan.fromMs).toISOString()}`);
  const turnsOf = createTurnsOf();
  await followAll(tracks, { ...plan, context, turnsOf });
  await settleLate(
    tracks.filter(({ query }) => remembers(query)),
    { ...plan, settleMs: settleOf(input, tracks), context, turnsOf },
  );
  for (const line of gapLines(tracks, plan.count)) context.log(line);
  const evidence = await context.ports.evidence.put(Buffer.from(JSON.stringify(seriesOf(input, tracks, plan))));
  const metrics = summaryOf(tracks, plan.count);
  const gaps = metrics.reduce((sum, { baseline, candidate }) => sum + baseline.gaps + candidate.gaps, 0);
  return {
    status: 'ok',
    outputs: { evidence, slots: plan.count, slotSeconds: plan.slotMs / 1_000, metrics: metrics.map(asOutput) },
    summary: `${plan.count} slots of ${metrics.length} metrics${gaps > 0 ? `, ${gaps} without data` : ''}`,
  };
}

function asOutput({ name, baseline, candidate }: ReturnType<typeof summaryOf>[number]) {
  return { name, baseline: { ...baseline }, candidate: { ...candidate } };
}

/** The whole slots, on the clock's grid, of the time that is measured. */
function planOf({ duration, warmUp, abCheck, slot }: CollectInput, now: number): { readonly fromMs: number; readonly slotMs: number; readonly count: number } {
  const slotMs = slot ?? SLOT_MS;
  const begin = now + (warmUp ?? 0) + (abCheck ?? 0);
  const fromMs = Math.ceil(begin / slotMs) * slotMs;
  return { fromMs, slotMs, count: Math.floor((begin + (duration ?? DURATION_MS) - fromMs) / slotMs) };
}

function settleOf({ settle, slot }: CollectInput, tracks: readonly Track[]): number {
  const isCloud = tracks.some(({ query: { type } }) => type === 'cloudWatch' || type === 'azureMonitor');
  return settle ?? (isCloud ? CLOUD_SETTLE_MS : (slot ?? SLOT_MS) / 4);
}

/** Every track on its own, so that a source that hangs takes nothing from the others; the first that can never answer ends all. */
async function followAll(tracks: readonly Track[], options: Omit<Follow, 'signal' | 'onSlot'>): Promise<void> {
  const { context, count } = options;
  const stop = new AbortController();
  const signal = AbortSignal.any([context.signal, stop.signal]);
  let toldAt = context.ports.clock.monotonic();
  const onSlot = (slot: number): void => {
    context.heartbeat();
    if (slot + 1 < count && context.ports.clock.monotonic() - toldAt < Math.min(TOLD_EVERY_MS, (options.slotMs * count) / 10)) return;
    toldAt = context.ports.clock.monotonic();
    context.log(progressLine(tracks, slot, count));
  };
  try {
    await Promise.all(tracks.map((track, index) => follow(track, { ...options, signal, ...(index === 0 ? { onSlot } : {}) })));
  } finally {
    stop.abort();
  }
}

function seriesOf(input: CollectInput, tracks: readonly Track[], { fromMs, slotMs, count }: { fromMs: number; slotMs: number; count: number }): Series {
  const metrics = input.metrics.map(({ name, kind, unit }) => {
    const [baseline, candidate] = (['baseline', 'candidate'] as const).map((side) => tracks.find((track) => track.name === name && track.side === side));
    const slots = Array.from({ length: count }, (_, slot) => ({ baseline: baseline?.sample(slot) ?? null, candidate: candidate?.sample(slot) ?? null }));
    return { name, ...(unit === undefined ? {} : { unit }), kind, slots };
  });
  // A track of a numeric metric gives numeric samples only, and one of a ratio ratios, which the compiler cannot see.
  return { version: 1, algorithm: 'minute-samples/1', startedAt: fromMs, slotMs, metrics: metrics as Series['metrics'] };
}
