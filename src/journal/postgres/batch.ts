import { type LinkedEvent, link } from '../chain.ts';
import { fenced, noRun } from '../errors.ts';
import type { Lease, StoredEvent } from '../port.ts';
import { headOf, type Row } from '../rows.ts';

/** Events on their way into the chain of a run. */
export interface Entry<Body> {
  readonly runId: string;
  readonly bodies: readonly Body[];
  /** Absent for what comes from outside the driver. */
  readonly lease?: Lease;
  /** What lists show from now on. */
  readonly state?: string | undefined;
  /** Deduplicates. */
  readonly postedId?: string;
}
/** What became of one entry. */
export type Fate<Body> =
  | { readonly type: 'written'; readonly events: readonly StoredEvent<Body>[] }
  /** An event with its posted id was there before, under this number. */
  | { readonly type: 'known'; readonly seq: number }
  | { readonly type: 'refused'; readonly cause: unknown };

/** What a transaction has read under the locks of its runs. */
export interface Seen {
  readonly runs: readonly Row[];
  /** Rows with `run_id`, `posted_id`, `seq`. */
  readonly posted: readonly Row[];
  readonly now: number;
}
/** What it is to write, and what to tell whom. */
export interface Batch<Body> {
  readonly fates: readonly Fate<Body>[];
  readonly inserts: readonly (LinkedEvent<Body> & { readonly postedId: string | undefined })[];
  readonly heads: readonly { readonly runId: string; readonly seq: number; readonly hash: string; readonly state: string | undefined }[];
}

/** Put entries into the chains of their runs, in order. One that is refused does not take the others down. */
export function composeBatch<Body extends { readonly type: string }>(entries: readonly Entry<Body>[], { runs, posted, now }: Seen): Batch<Body> {
  const open = new Map(
    runs.map((row) => [String(row['id']), { head: headOf(row), token: Number(row['lease_token']), state: undefined as string | undefined }]),
  );
  const known = new Map(posted.map((row) => [keyOf(String(row['run_id']), String(row['posted_id'])), Number(row['seq'])]));
  const inserts: Batch<Body>['inserts'][number][] = [];
  const changed = new Set<string>();
  const place = ({ runId, bodies, lease, state, postedId }: Entry<Body>): Fate<Body> => {
    const run = open.get(runId);
    if (!run) return { type: 'refused', cause: noRun(runId) };
    if (lease && lease.token !== run.token) return { type: 'refused', cause: fenced(runId, lease.token) };
    const earlier = postedId === undefined ? undefined : known.get(keyOf(runId, postedId));
    if (earlier !== undefined) return { type: 'known', seq: earlier };
    const linked = linkOrRefuse(run.head, bodies, now);
    if ('type' in linked) return linked;
    const last = linked.at(-1)?.event;
    if (last) run.head = { runId, seq: last.seq, hash: last.hash };
    run.state = state ?? run.state;
    if (postedId !== undefined && last) known.set(keyOf(runId, postedId), last.seq);
    inserts.push(...linked.map((one) => ({ ...one, postedId })));
    changed.add(runId);
    return { type: 'written', events: linked.map(({ event }) => event) };
  };
  const fates = entries.map(place);
  const heads = [...changed].flatMap((runId) => {
    const run = open.get(runId);
    return run ? [{ runId, seq: run.head.seq, hash: run.head.hash, state: run.state }] : [];
  });
  return { fates, inserts, heads };
}

/** A body that has no JSON form is the mistake of whoever gave it, and of nobody else in the batch. */
function linkOrRefuse<Body extends object>(
  ...args: Parameters<typeof link<Body>>
): readonly LinkedEvent<Body>[] | { readonly type: 'refused'; readonly cause: unknown } {
  try {
    return link(...args);
  } catch (cause) {
    return { type: 'refused', cause };
  }
}

function keyOf(runId: string, postedId: string): string {
  return `${runId}\n${postedId}`;
}
