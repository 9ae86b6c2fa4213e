import { canonicalJson, type Digest, digestOfBytes, type Json } from '../core/index.ts';
import type { StoredEvent, Verified } from './port.ts';

/** What the first event of every run points back to. */
export function genesis(runId: string): Digest {
  return digestOfBytes(`slipway journal v1 ${runId}`);
}

/** Hash of an event: over the canonical form of run, number, time, body, and the hash before. */
export function hashOf(event: { readonly runId: string; readonly seq: number; readonly at: number; readonly body: Json; readonly prev: Digest }): Digest {
  const { runId, seq, at, body, prev } = event;
  return hashOfText({ runId, seq, at, prev }, canonicalJson(body));
}

/** The same, when the canonical form of the body is there already: the keys of the whole are in order. */
function hashOfText({ runId, seq, at, prev }: Omit<Parameters<typeof hashOf>[0], 'body'>, body: string): Digest {
  return digestOfBytes(`{"at":${canonicalJson(at)},"body":${body},"prev":${canonicalJson(prev)},"runId":${canonicalJson(runId)},"seq":${canonicalJson(seq)}}`);
}

/** Where the chain of a run ends. */
export interface Head {
  readonly runId: string;
  /** Number of the last event; 0 before the first. */
  readonly seq: number;
  readonly hash: Digest;
}
/** An event and the bytes that are stored for its body. */
export interface LinkedEvent<Body> {
  readonly event: StoredEvent<Body>;
  readonly text: string;
}

/** Continue a chain: number, hash and text of each new event. */
export function link<Body extends object>(head: Head, bodies: readonly Body[], at: number): readonly LinkedEvent<Body>[] {
  const { runId } = head;
  let { seq, hash: prev } = head;
  return bodies.map((body) => {
    seq += 1;
    const text = textOf(body);
    const event = { runId, seq, at, body, prev, hash: hashOfText({ runId, seq, at, prev }, text) };
    prev = event.hash;
    return { event, text };
  });
}

/** The bytes that are stored for a body. */
export function textOf(body: object): string {
  return canonicalJson(JSON.parse(JSON.stringify(body)) as Json); // drops undefined members; bodies are JSON by contract
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
