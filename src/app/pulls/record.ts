import { z } from 'zod';
import { type Digest, type Json, SlipwayError } from '../../core/index.ts';
import type { Store } from '../../store/index.ts';
import { keyOf, type PullRef } from './types.ts';

const Sha256 = z.custom<Digest>((value) => typeof value === 'string' && /^sha256:[0-9a-f]{64}$/.test(value));
/** A plan that was made for a head of the pull request; the whole of it is kept as evidence. */
const KeptPlan = z.strictObject({
  digest: Sha256,
  evidence: Sha256,
  /** The commit that was planned. */
  commit: z.string(),
  at: z.number(),
  by: z.string(),
  /** When people could first see it. */
  shownAt: z.number().optional(),
  /** What of its stacks is not as it was left; present when it was looked for. */
  drift: z.strictObject({ at: z.number(), changed: z.array(z.string()) }).optional(),
});
export type KeptPlan = z.output<typeof KeptPlan>;

/** What somebody thinks of a plan: the last word counts. */
const CastVote = z.strictObject({
  /** Of the comment. */
  comment: z.string(),
  login: z.string(),
  account: z.string(),
  runbook: z.string(),
  digest: Sha256,
  decision: z.enum(['approve', 'reject']),
  at: z.number(),
});
export type CastVote = z.output<typeof CastVote>;

const PullRun = z.strictObject({
  id: z.string(),
  runbook: z.string(),
  commit: z.string(),
  /** `user:ada@git`. */
  by: z.string(),
  at: z.number(),
  /** Applied before it was merged. */
  early: z.boolean(),
  /** It was rolled back, and Git is being made true again or is already. */
  takenBack: z.boolean().optional(),
});
export type PullRun = z.output<typeof PullRun>;

/** What is known about one pull request beside what its host says. */
export const PullRecord = z.strictObject({
  host: z.string(),
  repo: z.string(),
  number: z.number(),
  repository: z.string(),
  /** The head that everything here is about; another one drops plans, votes and permissions. */
  head: z.string(),
  /** Where it left the default branch. */
  base: z.string(),
  state: z.enum(['open', 'closed', 'merged']),
  /** Another head that the host has by now; whoever works on this one stops. */
  newest: z.string().optional(),
  /** A maintainer let Slipway execute this head. */
  allowed: z.strictObject({ by: z.string(), at: z.number() }).optional(),
  /** Somebody stopped planning this head; it goes on when it is asked for. */
  stopped: z.boolean().optional(),
  plans: z.record(z.string(), KeptPlan),
  /** Why there is no plan of a runbook although it was tried. */
  failures: z.record(z.string(), z.strictObject({ message: z.string(), at: z.number() })),
  votes: z.array(CastVote),
  runs: z.array(PullRun),
  /** Our comment. */
  comment: z.string().optional(),
});
export type PullRecord = z.output<typeof PullRecord>;

const COLLECTION = 'pulls';

export async function readRecord({ documents }: Pick<Store, 'documents'>, ref: PullRef): Promise<PullRecord | undefined> {
  const found = await documents.get(COLLECTION, keyOf(ref));
  return found && PullRecord.parse(found.value);
}

/** Records of a repository that are not over. */
export async function openRecords({ documents }: Pick<Store, 'documents'>, { host, repo }: Omit<PullRef, 'number'>): Promise<readonly PullRecord[]> {
  const found = await documents.list(COLLECTION, { prefix: `${host} ${repo}#`, limit: 10_000 });
  return found.map(({ value }) => PullRecord.parse(value)).filter(({ state }) => state === 'open');
}

/** Change a record, whoever else does so at the same moment. Nothing is written when nothing is other than before. */
export async function changeRecord(
  { documents }: Pick<Store, 'documents'>,
  ref: PullRef,
  change: (record: PullRecord | undefined) => PullRecord,
): Promise<PullRecord> {
  for (;;) {
    const found = await documents.get(COLLECTION, keyOf(ref));
    const before = found && PullRecord.parse(found.value);
    const after = change(before);
    const value = JSON.parse(JSON.stringify(after)) as Json; // without undefined members
    if (found && JSON.stringify(value) === JSON.stringify(found.value)) return after;
    try {
      await documents.put(COLLECTION, keyOf(ref), value, { ifVersion: found?.version ?? 0 });
      return after;
    } catch (cause) {
      if (!(cause instanceof SlipwayError) || cause.code !== 'STORE_CONFLICT') throw cause;
    }
  }
}

/** As `changeRecord`, for a record that is there. @throws {SlipwayError} `PULL_UNKNOWN`. */
export function amendRecord(store: Pick<Store, 'documents'>, ref: PullRef, change: (record: PullRecord) => PullRecord): Promise<PullRecord> {
  return changeRecord(store, ref, (record) => {
    if (record) return change(record);
    throw new SlipwayError('PULL_UNKNOWN', `nothing is known of ${keyOf(ref)}`, { retry: 'afterBackoff' });
  });
}

/** What is known of a head that nobody has looked at: nothing but the runs of earlier ones. */
export function freshRecord(
  ref: PullRef,
  { repository, head, base, state, before }: Pick<PullRecord, 'repository' | 'head' | 'base' | 'state'> & { readonly before: PullRecord | undefined },
): PullRecord {
  const comment = before?.comment === undefined ? {} : { comment: before.comment };
  const { host, repo, number } = ref;
  return { ...{ host, repo, number, repository, head, base, state }, plans: {}, failures: {}, votes: [], runs: before?.runs ?? [], ...comment };
}
