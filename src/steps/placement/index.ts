import { z } from 'zod';
import { SlipwayError } from '../../core/index.ts';
import { defineStep } from '../kind.ts';
import { type Candidate, score, type Score } from './score.ts';

const Place = z.strictObject({
  name: z.string().min(1),
  provider: z.string().min(1),
  region: z.string().min(1),
  zone: z.string().min(1).optional(),
  cost: z.number().min(0).meta({ description: 'per month, in one currency for all' }),
  latencyMs: z.number().min(0).meta({ description: 'to the users or systems that matter' }),
});
const Names = z.array(z.string().min(1)).min(1).optional();

/** Choose where a workload goes. Pure: the same question has the same answer. Fails with `PLACEMENT_IMPOSSIBLE`. */
export const placement = defineStep({
  uses: 'placement',
  summary: 'choose a place by cost, latency and constraints',
  with: z.strictObject({
    candidates: z
      .array(Place)
      .min(1)
      .refine((places) => new Set(places.map(({ name }) => name)).size === places.length, { error: 'two candidates have the same name' }),
    weights: z
      .strictObject({ cost: z.number().min(0).default(1), latency: z.number().min(0).default(1) })
      .refine(({ cost, latency }) => cost + latency > 0, { error: 'at least one weight must be more than 0' })
      .default({ cost: 1, latency: 1 }),
    constraints: z
      .strictObject({
        providers: Names,
        regions: Names,
        zones: Names,
        maxCost: z.number().min(0).optional(),
        maxLatencyMs: z.number().min(0).optional(),
      })
      .default({}),
  }),
  outputs: z.strictObject({
    choice: Place,
    scores: z.array(z.strictObject({ name: z.string(), score: z.number(), misses: z.array(z.string()) })),
    reason: z.string(),
  }),
  example: {
    candidates: [
      { name: 'frankfurt', provider: 'aws', region: 'eu-central-1', cost: 900, latencyMs: 12 },
      { name: 'berlin', provider: 'onPrem', region: 'berlin-1', cost: 1_100, latencyMs: 3 },
    ],
    weights: { cost: 2, latency: 1 },
    constraints: { maxLatencyMs: 20 },
  },
  mutates: false,
  describe: ({ candidates }) => `choose a place among ${candidates.map(({ name }) => name).join(', ')}`,
  target: 'none',
  idempotency: 'safe',
  execute: async ({ candidates, weights, constraints }, { log }) => {
    const scores = score(candidates, weights, constraints);
    for (const each of scores) log(words(each));
    const choice = candidates.find(({ name }) => name === scores[0]?.name);
    if (choice === undefined || (scores[0]?.misses.length ?? 1) > 0) {
      throw new SlipwayError('PLACEMENT_IMPOSSIBLE', `no candidate fulfils the constraints: ${scores.map(words).join('; ')}`, {
        hint: 'loosen a constraint or add a candidate',
      });
    }
    const reason = reasonFor(choice, scores);
    return { status: 'ok', outputs: { choice: plain(choice), scores: scores.map(mutable), reason }, summary: reason };
  },
});

function words({ name, score: value, misses }: Score): string {
  return misses.length > 0 ? `${name}: ${misses.join(', ')}` : `${name}: ${value.toFixed(3)}`;
}
function mutable({ name, score: value, misses }: Score) {
  return { name, score: value, misses: [...misses] };
}
function plain({ zone, ...place }: Candidate) {
  return zone === undefined ? place : { ...place, zone };
}

function reasonFor({ name, cost, latencyMs }: Candidate, scores: readonly Score[]): string {
  const out = scores.filter(({ misses }) => misses.length > 0).length;
  const next = scores.slice(1).find(({ misses }) => misses.length === 0);
  const versus =
    next === undefined ? 'the only one that fulfils the constraints' : `${(scores[0]?.score ?? 0).toFixed(3)} against ${next.score.toFixed(3)} of ${next.name}`;
  return `${name}: cost ${cost}, latency ${latencyMs} ms; ${versus}${out > 0 ? `; ${out} ruled out` : ''}`;
}
