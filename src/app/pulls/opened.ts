import { SlipwayError } from '../../core/index.ts';
import type { Call, PullRequest } from '../../githost/index.ts';
import type { Mirror } from '../../repo/index.ts';
import type { Head } from '../serve/heads.ts';
import { type Gates } from '../gates.ts';
import { policyDirOf } from '../plan-change.ts';
import { beforeLanding } from './landed.ts';
import { changeRecord, freshRecord, type PullRecord } from './record.ts';
import type { PulledRepository, PullRef, PullsOptions } from './types.ts';

/** A pull request as it is now: what its host says, what the default branch says, and what is remembered. */
export interface OpenedPull {
  readonly ref: PullRef;
  readonly served: PulledRepository;
  readonly pull: PullRequest;
  /** Of the default branch. */
  readonly head: Head;
  readonly mirror: Mirror;
  readonly record: PullRecord;
  /** What is planned: the head; once merged, what it became, unless that is the same. */
  readonly target: { readonly commit: string; readonly base: string };
  /** Undefined while the default branch has mistakes: then nothing can be planned. */
  readonly gates: Gates | undefined;
  readonly signal: AbortSignal;
}

/** The repository that a delivery is about, when it is one of ours. */
export function servedFor({ repositories }: Pick<PullsOptions, 'repositories'>, { host, repo }: Omit<PullRef, 'number'>): PulledRepository | undefined {
  return repositories.find((each) => each.host.name === host && each.repo.toLowerCase() === repo.toLowerCase());
}

/**
 * Ask how a pull request stands. When its head is another one than remembered, plans, votes and permissions are forgotten.
 *
 * @returns undefined when it is none of ours: another repository, or another branch than the default one.
 * @throws what asking the host and fetching throw; {SlipwayError} `PULL_SUPERSEDED` when its head was replaced meanwhile.
 */
export async function openPull(options: PullsOptions, ref: PullRef, signal: AbortSignal): Promise<OpenedPull | undefined> {
  const served = servedFor(options, ref);
  if (!served) return undefined;
  const call: Call = { signal };
  const pull = await served.host.pull(ref.repo, ref.number, call);
  if (pull.base.branch !== served.branch) return undefined;
  const head = await options.heads.fetched(served.name);
  const mirror = await options.heads.mirror(served.name);
  await ensureHead(served, { ref, pull, mirror });
  const parted = (await mirror.mergeBase(head.commit, pull.head.sha)) ?? head.commit;
  const record = await changeRecord(options.store, ref, (before) => {
    const { sha } = pull.head;
    if (before?.head !== sha) return freshRecord(ref, { repository: served.name, head: sha, base: parted, state: pull.state, before });
    // What the host says now is the newest; and once it is merged, the two have not parted any more.
    return { ...before, newest: undefined, state: pull.state, base: pull.state === 'open' ? parted : before.base };
  });
  const target = await targetOf({ pull, mirror, record });
  return { ref, served, pull, head, mirror, record, target, gates: gatesOf(options, head), signal };
}

async function ensureHead(served: PulledRepository, { ref, pull, mirror }: Pick<OpenedPull, 'ref' | 'pull' | 'mirror'>): Promise<void> {
  const { pullRef } = await served.host.clone(ref.repo);
  try {
    await mirror.ensure(pull.head.sha, pullRef(ref.number));
  } catch (cause) {
    if (!(cause instanceof SlipwayError) || cause.code !== 'COMMIT_NOT_FOUND') throw cause;
    throw new SlipwayError('PULL_SUPERSEDED', `the head ${pull.head.sha} is not there any more`, { retry: 'afterBackoff', cause });
  }
}

async function targetOf({ pull, mirror, record }: Pick<OpenedPull, 'pull' | 'mirror' | 'record'>): Promise<OpenedPull['target']> {
  const own = { commit: record.head, base: record.base };
  const { mergedAs } = pull;
  if (pull.state !== 'merged' || mergedAs === undefined) return own;
  await mirror.ensure(mergedAs);
  const isSame = (await mirror.treeId(mergedAs)) === (await mirror.treeId(record.head));
  // Where nobody can say what it brought, too much is affected rather than too little.
  return isSame ? own : { commit: mergedAs, base: (await beforeLanding(mirror, record, mergedAs)) ?? record.base };
}

/** What holds a change back is what the default branch says now. */
function gatesOf({ wiring }: PullsOptions, { estate, files }: Head): Gates | undefined {
  if (!estate.ok) return undefined;
  const { environments, calendars } = estate.value.repository;
  return { policyDir: policyDirOf(files, wiring), environments, calendars };
}
