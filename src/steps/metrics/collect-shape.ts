import { z } from 'zod';
import { PATTERN } from '../../core/index.ts';
import { Duration } from '../fields.ts';
import { NumericSides, RatioSides } from './queries.ts';
import { MetricSources } from './sources.ts';

export const SLOT_MS = 60_000;
export const DURATION_MS = 300_000;
/** A week of minutes: keeps memory and evidence small whatever a runbook asks for. */
const MOST_SLOTS = 10_080;
const MOST_METRICS = 32;

const name = z.string().regex(PATTERN.id, { error: 'not a name; use letters, digits and hyphens' });
const unit = z.string().max(40).optional().meta({ description: 'for people: orders/min, ms, EUR' });
const Collected = z.discriminatedUnion('kind', [
  z.strictObject({ name, unit, kind: z.literal('numeric'), source: NumericSides }),
  z.strictObject({ name, unit, kind: z.literal('ratio'), source: RatioSides }),
]);
export type Collected = z.output<typeof Collected>;

const Slot = Duration.refine((ms) => ms >= 1_000 && ms <= 3_600_000 && ms % 1_000 === 0, { error: 'not a length of slots; use whole seconds, 1s to 1h' });

export const CollectInput = z
  .strictObject({
    metrics: z
      .array(Collected)
      .min(1)
      .max(MOST_METRICS)
      .refine((metrics) => new Set(metrics.map(({ name: each }) => each)).size === metrics.length, { error: 'two metrics have the same name' }),
    sources: MetricSources.default({}).meta({ description: "where numbers come from; those of the phase's environment are there without being named" }),
    duration: Duration.optional().meta({ description: 'time that is measured; 5m when absent' }),
    warmUp: Duration.optional().meta({ description: 'time before it that is left out' }),
    abCheck: Duration.optional().meta({ description: "time of the probe's self-check, which is left out too" }),
    slot: Slot.optional().meta({ description: 'length of the slots that are compared; 1m when absent' }),
    settle: Duration.optional().meta({ description: 'wait for late samples at the end; a quarter of a slot when absent, 3m for clouds' }),
  })
  .refine(({ duration, slot }) => (duration ?? DURATION_MS) >= 2 * (slot ?? SLOT_MS), {
    error: 'too short for a whole slot; measure for two slots or more, or make them shorter with slot',
    path: ['duration'],
  })
  .refine(({ duration, slot }) => (duration ?? DURATION_MS) / (slot ?? SLOT_MS) <= MOST_SLOTS, {
    error: `more than ${MOST_SLOTS} slots; make them longer with slot`,
    path: ['duration'],
  });
export type CollectInput = z.output<typeof CollectInput>;

const Side = z.strictObject({ mean: z.number().nullable(), slots: z.int(), gaps: z.int() });
export const CollectOutputs = z.strictObject({
  evidence: z.string().meta({ description: 'digest for an analysis step' }),
  slots: z.int(),
  slotSeconds: z.number(),
  metrics: z.array(z.strictObject({ name: z.string(), baseline: Side, candidate: Side })),
});
