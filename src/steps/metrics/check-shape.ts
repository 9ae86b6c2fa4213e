import { z } from 'zod';
import { parseLimit, type Limit } from '../check/limit.ts';
import { Duration, Percent } from '../fields.ts';
import { NumericQuery, RatioQuery } from './queries.ts';
import { MetricSources } from './sources.ts';

export const WINDOW_MS = 60_000;
export const RESOLUTION_MS = 60_000;

const BurnRule = z
  .strictObject({ short: Duration, long: Duration, factor: z.number().positive() })
  .refine(({ short, long }) => short < long, { error: 'the short window is not shorter than the long one', path: ['short'] });
export type BurnRule = z.output<typeof BurnRule>;
/** Two per cent of a month's budget in an hour, or five per cent in six hours (SRE workbook, chapter 5). */
const BURN_RULES: readonly BurnRule[] = [
  { short: 5 * 60_000, long: 60 * 60_000, factor: 14.4 },
  { short: 30 * 60_000, long: 6 * 60 * 60_000, factor: 6 },
];

const Burn = z
  .strictObject({
    objective: Percent.refine((share) => share > 0 && share < 1, { error: 'not an objective; write for example 99.9%' }).meta({
      description: 'share of trials that must be no events: 99.9%',
    }),
    windows: z.array(BurnRule).min(1).max(8).optional().meta({
      description: 'pairs of windows and how many times faster than allowed the budget may burn in both; 14.4 in 5m and 1h, 6 in 30m and 6h when absent',
    }),
    resolution: Duration.refine((ms) => ms >= 1_000 && ms % 1_000 === 0, { error: 'not a resolution; use whole seconds' })
      .optional()
      .meta({ description: 'counts are read for slots of this length; 1m when absent' }),
  })
  .refine((burn) => rulesOf(burn).every(({ short, long }) => short % resolutionOf(burn) === 0 && long % resolutionOf(burn) === 0), {
    error: 'a window is no multiple of the resolution',
    path: ['windows'],
  })
  .refine((burn) => slotsOf(burn) <= 10_000, { error: 'more than 10000 slots; make the resolution longer', path: ['resolution'] });
export type Burn = z.output<typeof Burn>;

interface Windows {
  readonly windows?: readonly BurnRule[] | undefined;
  readonly resolution?: number | undefined;
}
export function rulesOf({ windows }: Windows): readonly BurnRule[] {
  return windows ?? BURN_RULES;
}
export function resolutionOf({ resolution }: Windows): number {
  return resolution ?? RESOLUTION_MS;
}
/** Slots in the longest window. */
export function slotsOf(burn: Windows): number {
  return Math.max(...rulesOf(burn).map(({ long }) => long)) / resolutionOf(burn);
}

/** `>40`, `<2%`; a share is a fraction. */
export function limitOf(text: string): Limit | undefined {
  return parseLimit(text, 'number') ?? parseLimit(text, 'share');
}

export const MetricCheck = z
  .strictObject({
    source: z.union([NumericQuery, RatioQuery]).meta({ description: 'one number, or events and trials whose ratio is checked' }),
    sources: MetricSources.default({}).meta({ description: "where numbers come from; those of the phase's environment are there without being named" }),
    expect: z
      .string()
      .refine((text) => limitOf(text) !== undefined, { error: 'not a limit; write for example ">40" or "<2%"' })
      .optional()
      .meta({ description: 'what the number must be: ">40", "<2%"' }),
    burn: Burn.optional().meta({ description: 'instead of expect: how fast the error budget of an objective may burn' }),
    window: Duration.refine((ms) => ms >= 1_000 && ms % 1_000 === 0, { error: 'not a window; use whole seconds' })
      .optional()
      .meta({ description: 'time that the number is about: $window in a query; 1m when absent' }),
    delay: Duration.optional().meta({ description: 'how late the source publishes; none when absent, 3m for clouds' }),
    noData: z.enum(['fail', 'ignore']).default('fail').meta({ description: 'what a number means that is not there; ignore lets the check pass' }),
    attempts: z.int().min(1).max(1_000).default(1).meta({ description: 'questions until one passes' }),
    interval: Duration.optional().meta({ description: 'between attempts; 15s when absent' }),
  })
  .refine(({ expect, burn }) => expect !== undefined || burn !== undefined, { error: 'missing', path: ['expect'] })
  .refine(({ expect, burn }) => expect === undefined || burn === undefined, {
    error: 'a limit and a budget at once; write one of expect and burn',
    path: ['burn'],
  })
  .refine(({ source, burn }) => burn === undefined || 'events' in source, { error: 'a burn rate needs events and trials', path: ['source'] })
  .refine(({ source, burn }) => burn === undefined || !['http', 'command'].includes(source.type), {
    error: 'a burn rate needs a source that remembers; use prometheus, cloudWatch or azureMonitor',
    path: ['source'],
  });
export type MetricCheck = z.output<typeof MetricCheck>;

const Burned = z.strictObject({
  shortSeconds: z.number(),
  longSeconds: z.number(),
  factor: z.number(),
  short: z.number().nullable(),
  long: z.number().nullable(),
});
export const MetricCheckOutputs = z.strictObject({
  value: z.number().nullable().meta({ description: 'null for a burn rate, and when there was none' }),
  burn: z.array(Burned),
  attempts: z.int(),
});
