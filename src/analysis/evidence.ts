import { z } from 'zod';
import { SlipwayError } from '../core/index.ts';
import { BUCKETS } from './histogram.ts';

const count = z.int().min(0);
const Encoded = z
  .array(count)
  .refine((encoded) => encoded.length % 2 === 0 && encoded.reduce((sum, value, index) => (index % 2 === 0 ? sum + value : sum), 0) < BUCKETS, {
    error: 'not an encoded histogram',
  });

/** What one side did in one slot. `sent` = answers below 500 (in `latency`) + the kinds of errors. */
export const Arm = z.strictObject({
  sent: count,
  /** Answers with status 500 and above; connections that broke; no answer within the timeout; answers that ask to come again later. */
  errors: z.strictObject({ server: count, transport: count, timeout: count, retry: count.optional() }),
  latency: Encoded,
  /** When those who shall come again were told so: their good answer comes later than that. */
  refused: Encoded.optional(),
});
export type Arm = z.output<typeof Arm>;

/** Requests whose scheduled time falls into the same slot of time. */
export const Slot = z.strictObject({
  baseline: Arm,
  candidate: Arm,
  /** Pairs where both sides answered, and those whose answers differ. */
  parity: z.strictObject({ compared: count, mismatches: count }),
});
export type Slot = z.output<typeof Slot>;

/** When a measurement that may be extended is judged, and at which of these looks it ended. */
const Looks = z
  .strictObject({ looks: z.array(z.strictObject({ slots: z.int().min(1), share: z.number().positive().max(1) })).min(1), at: count })
  .refine(({ looks, at }) => at < looks.length && looks.reduce((sum, { share }) => sum + share, 0) < 1 + 1e-9, { error: 'not a plan of looks' });

/** What a dual run saw: enough to compute its verdict again, bit for bit, without the systems it measured. */
export const Evidence = z.strictObject({
  version: z.literal(1),
  /** How the numbers were collected; a change of method is a new name. */
  algorithm: z.enum(['open-loop-pairs/1', 'open-loop-pairs/2']),
  seed: z.int(),
  /** Milliseconds since the epoch. */
  startedAt: z.number(),
  slotMs: z.number().positive(),
  timeoutMs: z.number().positive(),
  /** Pairs a second that were asked for. */
  rate: z.number().positive(),
  baseline: z.string(),
  candidate: z.string(),
  requests: z.array(z.strictObject({ method: z.string(), path: z.string() })),
  ignore: z.array(z.string()),
  slots: z.array(Slot),
  /** The old side against itself; tells how noisy the measurement is. */
  abCheck: z.array(Slot).optional(),
  /** The first pairs that differed, as words. */
  samples: z.array(z.string()),
  plan: Looks.optional(),
});
export type Evidence = z.output<typeof Evidence>;

/** The evidence of a dual run without a probe, which judges only what was sampled. */
export const NOTHING_PROBED: Evidence = {
  ...{ version: 1, algorithm: 'open-loop-pairs/2', seed: 1, startedAt: 0, slotMs: 60_000, timeoutMs: 1, rate: 1 },
  ...{ baseline: '', candidate: '', requests: [], ignore: [], slots: [], samples: [] },
};

/** @throws {SlipwayError} `EVIDENCE_INVALID`. */
export function parseEvidence(bytes: Uint8Array): Evidence {
  let raw: unknown;
  try {
    raw = JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch (cause) {
    throw new SlipwayError('EVIDENCE_INVALID', 'the evidence is not JSON', { hint: 'give the digest that a bench.probe step put out', cause });
  }
  const parsed = Evidence.safeParse(raw);
  if (parsed.success) return parsed.data;
  throw new SlipwayError('EVIDENCE_INVALID', `the evidence is not that of a dual run: ${z.prettifyError(parsed.error)}`, {
    hint: 'give the digest that a bench.probe step put out',
    cause: parsed.error,
  });
}
