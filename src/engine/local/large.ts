import { canonicalJson, type Digest, isArray, isObject, type Json, type JsonObject, SlipwayError } from '../../core/index.ts';
import { holdsSealed } from '../../expr/index.ts';

/** Where values that are too large to travel with a run are kept; a journal is one. */
export interface LargeStore {
  putEvidence(runId: string, bytes: Uint8Array): Promise<Digest>;
  evidence(digest: Digest): Promise<Uint8Array | undefined>;
}

/** Most bytes, as JSON, of the outputs of one attempt, or of one host: they are in every event, every state and every message about it. */
const MOST_BYTES = 256 * 1024;

/**
 * Move the largest outputs to the evidence of the run until the rest is small enough; `{"$evidence": …, "bytes": …}` stands in their place. Expressions
 * pass such a value on and cannot look inside; the step that takes it gets the value itself.
 */
export async function withoutLarge(outputs: JsonObject, runId: string, store: LargeStore): Promise<JsonObject> {
  let left = bytesOf(outputs);
  if (left <= MOST_BYTES) return outputs;
  const kept: { [name: string]: Json } = { ...outputs };
  const bySize = Object.entries(outputs)
    .map(([name, value]) => ({ name, value, bytes: bytesOf(value) }))
    .toSorted((a, b) => b.bytes - a.bytes);
  for (const { name, value, bytes } of bySize) {
    if (left <= MOST_BYTES) break;
    if (holdsSealed(value)) continue; // whoever looks for the secrets of a run finds them in its events
    kept[name] = { $evidence: await store.putEvidence(runId, Buffer.from(canonicalJson(value))), bytes };
    left -= bytes;
  }
  return kept;
}

/** The value with everything in it that was moved to evidence. @throws {SlipwayError} `EVIDENCE_MISSING`. */
export async function withLarge(value: Json, store: LargeStore): Promise<Json> {
  if (isArray(value)) return Promise.all(value.map((item) => withLarge(item, store)));
  if (!isObject(value)) return value;
  const reference = value['$evidence'];
  if (typeof reference === 'string') return opened(reference, store);
  return Object.fromEntries(await Promise.all(Object.entries(value).map(async ([key, child]) => [key, await withLarge(child, store)] as const)));
}

async function opened(reference: string, store: LargeStore): Promise<Json> {
  const bytes = /^sha256:[0-9a-f]{64}$/.test(reference) ? await store.evidence(reference as Digest) : undefined; // checked by the pattern
  if (bytes) return JSON.parse(Buffer.from(bytes).toString('utf8')) as Json; // written by withoutLarge
  throw new SlipwayError('EVIDENCE_MISSING', `the journal does not hold the value ${reference}`, {
    retry: 'pauseForHuman',
    hint: 'was its evidence removed? restore it, or run the step that made it again',
  });
}

function bytesOf(value: Json): number {
  return Buffer.byteLength(JSON.stringify(value));
}
