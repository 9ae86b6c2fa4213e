import { type Digest, digestOf, digestOfBytes, type Json } from '../core/index.ts';
import type { StoredEvent, Verified } from './port.ts';

/** What the first event of every run points back to. */
export function genesis(runId: string): Digest {
  return digestOfBytes(`slipway journal v1 ${runId}`);
}

/** Hash of an event: over the canonical form of run, number, time, body, and the hash before. */
export function hashOf(event: { readonly runId: string; readonly seq: number; readonly at: number; readonly body: Json; readonly prev: Digest }): Digest {
  const { runId, seq, at, body, prev } = event;
  return digestOf({ runId, seq, at, body, prev });
}

/** Recompute a chain from its first event. */
export function verifyChain<Body>(runId: string, events: readonly StoredEvent<Body>[]): Verified {
  let prev = genesis(runId);
  for (const [index, event] of events.entries()) {
    const seq = index + 1;
    if (event.seq !== seq) return { ok: false, seq, why: `event ${seq} is missing` };
    if (event.prev !== prev) return { ok: false, seq, why: `event ${seq} does not follow event ${seq - 1}` };
    const body = JSON.parse(JSON.stringify(event.body)) as Json; // bodies are JSON by contract
    if (hashOf({ runId, seq, at: event.at, body, prev }) !== event.hash) return { ok: false, seq, why: `event ${seq} was changed after it was written` };
    prev = event.hash;
  }
  return { ok: true, events: events.length, head: prev };
}
