import { z } from 'zod';
import type { Digest, Json } from '../../core/index.ts';

/** What a line of an export may say. Unknown keys are kept out: a newer export has a newer version in its header. */

const digest = z.custom<Digest>((value) => typeof value === 'string' && /^sha256:[0-9a-f]{64}$/.test(value), 'no digest');
const json = z.custom<Json>((value) => value !== undefined);
const count = z.int().nonnegative();
/** Not looked at as base64: a digest or a seal finds what is wrong with it, also in a text of many megabytes. */
const bytes = z.string().transform((text) => new Uint8Array(Buffer.from(text, 'base64')));

const Run = z.object({
  id: z.string().regex(/^run-[0-9]{8}-[0-9a-z]{10}$/),
  runbook: z.string(),
  planDigest: z.custom<Digest>((value) => typeof value === 'string'),
  createdAt: z.number(),
  concurrencyGroup: z.string().exactOptional(),
  rehearsal: z.boolean(),
  labels: z.record(z.string(), json),
  state: z.string(),
  updatedAt: z.number(),
  leaseToken: count,
  head: digest,
});
const Event = z.object({ seq: count, at: z.number(), body: json, prev: digest, hash: digest, postedId: z.string().exactOptional() });
const Secret = z.object({ id: z.string(), sealed: bytes });
const Log = z.object({
  path: z.string(),
  attempt: z.int(),
  at: z.number(),
  host: z.string().exactOptional(),
  stream: z.enum(['stdout', 'stderr']),
  text: z.string(),
});
const Evidence = z.object({ digest, at: z.number(), bytes });

export const Line = z.union([
  z.strictObject({ run: Run }),
  z.strictObject({ event: Event }),
  z.strictObject({ secret: Secret }),
  z.strictObject({ log: Log }),
  z.strictObject({ evidence: Evidence }),
  z.strictObject({ endOf: z.string() }),
  z.strictObject({ end: count }),
]);
export type Line = z.infer<typeof Line>;

export const Header = z.object({ format: z.literal('slipway journal export'), version: z.int(), vaultKey: z.string().exactOptional() });

/** A run as its lines come in. */
export interface Draft {
  readonly run: z.infer<typeof Run>;
  readonly events: z.infer<typeof Event>[];
  readonly secrets: z.infer<typeof Secret>[];
  readonly logs: z.infer<typeof Log>[];
  readonly evidence: z.infer<typeof Evidence>[];
}
