import { type Head, type LinkedEvent, link, textOf } from './chain.ts';
import { diverged, gap } from './errors.ts';
import type { TimedEvent } from './port.ts';
import type { Row } from './rows.ts';

/** What a message about a run adds to its chain. */
export interface Projected<Body> {
  readonly inserts: readonly LinkedEvent<Body>[];
  readonly head: Head;
  /** Does the message reach to the end of the chain? An old one must not bring an old state back. */
  readonly isLatest: boolean;
}

/**
 * Events that another engine has numbered and timed, after what is there already: rows of the same numbers, with `seq`, `at` and `body`.
 *
 * @throws {SlipwayError} `JOURNAL_GAP`, `JOURNAL_DIVERGED`.
 */
export function projectOnto<Body extends object>(before: Head, events: readonly TimedEvent<Body>[], known: readonly Row[]): Projected<Body> {
  const there = new Map(known.map((row) => [Number(row['seq']), row]));
  const inserts: LinkedEvent<Body>[] = [];
  let head = before;
  for (const { seq, at, body } of events) {
    if (seq > head.seq + 1) throw gap(head.runId, head.seq, seq);
    if (seq <= head.seq) {
      const row = there.get(seq);
      if (row?.['body'] !== textOf(body) || Number(row['at']) !== at) throw diverged(head.runId, seq);
      continue;
    }
    for (const linked of link(head, [body], at)) {
      inserts.push(linked);
      head = { runId: head.runId, seq, hash: linked.event.hash };
    }
  }
  return { inserts, head, isLatest: head.seq === (events.at(-1)?.seq ?? head.seq) };
}
