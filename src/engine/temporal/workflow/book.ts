import { referencesOfSealed } from '../../../expr/index.ts';
import type { EventBody } from '../../events.ts';
import { evolve } from '../../evolve.ts';
import type { RunData } from '../../state.ts';
import type { Timed } from '../contract.ts';

/**
 * The history of the run inside its workflow. What is recorded here is durable as soon as the workflow task ends, together with whatever it scheduled: the
 * intent of an effect is never later than the effect. The journal is a copy that follows.
 */
export interface Book {
  readonly data: RunData;
  /** Events that the journal may not have yet, in order. */
  readonly unprojected: readonly Timed[];
  readonly record: (body: EventBody) => number;
  /** The journal has everything up to this event. */
  readonly isProjected: (seq: number) => boolean;
  readonly projectedUpTo: (seq: number) => void;
  /** References of secrets that only unprojected events hold. */
  readonly freshSecrets: () => readonly string[];
}

export function openBook(data: RunData): Book {
  let waiting: Timed[] = [];
  /** Few events hold secrets, and each is looked through once. */
  let secrets: { readonly seq: number; readonly references: readonly string[] }[] = [];
  return {
    data,
    get unprojected() {
      return waiting;
    },
    record: (body) => {
      const event: Timed = { seq: data.seq + 1, at: Date.now(), body }; // the workflow's own clock: the same in every replay
      waiting.push(event);
      const references = referencesOfSealed(body as never); // events are JSON by contract
      if (references.length > 0) secrets.push({ seq: event.seq, references });
      evolve(data, { ...event, runId: data.runId, prev: NO_HASH, hash: NO_HASH });
      return event.seq;
    },
    isProjected: (seq) => seq < (waiting[0]?.seq ?? Infinity),
    projectedUpTo: (seq) => {
      waiting = waiting.filter((event) => event.seq > seq);
      secrets = secrets.filter((known) => known.seq > seq);
    },
    freshSecrets: () => [...new Set(secrets.flatMap(({ references }) => references))],
  };
}

/** The chain is the journal's; no decision looks at it. */
const NO_HASH = 'sha256:-';
