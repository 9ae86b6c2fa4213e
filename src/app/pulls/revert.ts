import { messageOf, SlipwayError } from '../../core/index.ts';
import type { PullRequest } from '../../githost/index.ts';
import { pushBranch, writeRevert } from '../../repo/index.ts';
import { type Pin, pin, pinOf, unpin } from '../pins.ts';
import { beforeLanding } from './landed.ts';
import type { OpenedPull } from './opened.ts';
import { keyOf, type PullsOptions } from './types.ts';

/** A change that is in Git and not outside any more. */
export interface Undone {
  readonly opened: OpenedPull;
  readonly runbook: string;
  /** The run that was rolled back, and when that was over. */
  readonly run: string;
  readonly at: number;
}

const AUTHOR = { name: 'Slipway', email: 'slipway@localhost' };

/**
 * Make Git true again: pin the runbook, then open the pull request that takes the change back. Whatever is done is looked for first: the pin comes before the
 * branch, the same moment gives the same commit, and an open pull request from that branch is taken as it is.
 *
 * @returns the pin; undefined when the default branch has the change no more.
 */
export async function takeBack(options: PullsOptions, undone: Undone): Promise<Pin | undefined> {
  const { opened, runbook, run } = undone;
  const { store } = options;
  const { served, pull } = opened;
  const commit = pull.mergedAs;
  if (commit === undefined) return undefined;
  const known = await pinOf(store, served.name, runbook);
  if (known?.run === run && (known.revert !== undefined || known.conflict !== undefined)) return known;
  const pinned: Pin = known?.run === run ? known : { repository: served.name, runbook, run, commit, since: undone.at, pull: keyOf(opened.ref) };
  await pin(store, pinned);
  try {
    const revert = await openRevert(options, undone, pinned);
    if (!revert) {
      await unpin(store, served.name, runbook);
      return undefined;
    }
    const done: Pin = { ...pinned, revert };
    await pin(store, done);
    return done;
  } catch (cause) {
    opened.signal.throwIfAborted();
    if (!(cause instanceof SlipwayError) || !FOR_PEOPLE.has(cause.code)) throw cause;
    const told: Pin = { ...pinned, conflict: `${messageOf(cause)}${cause.hint === undefined ? '' : ` (${cause.hint})`}` };
    await pin(store, told);
    return told;
  }
}

/** What only a person can settle. */
const FOR_PEOPLE = new Set(['REVERT_CONFLICT', 'REVERT_UNCLEAR', 'GIT_TOO_OLD', 'PUSH_REFUSED', 'GIT_DENIED', 'HOST_DENIED']);

async function openRevert(options: PullsOptions, { opened, run, at, runbook }: Undone, { commit }: Pin): Promise<Pin['revert'] | undefined> {
  const { served, mirror, pull, ref, signal } = opened;
  const { host, repo, branch } = served;
  const context = { ...options.wiring.git, signal };
  const head = `slipway/revert-${run}`;
  await mirror.fetch();
  const onto = await mirror.resolve(`refs/heads/${branch}`);
  const before = await goingBackTo(opened, commit);
  const message = `Revert #${ref.number}: ${run} was rolled back\n\nThis takes back ${commit}, which ${runbook} no longer runs.\n`;
  // A branch that is there was pushed by us a moment ago, perhaps onto an older commit; or by somebody else, who speaks for us then.
  const there = await mirror.resolve(`refs/heads/${head}`).catch(() => undefined);
  const request = { undo: commit, before, onto: there === undefined ? onto : `${there}^1`, message, author: { ...AUTHOR, at } };
  const revert = await writeRevert(mirror.path, request, context).catch(nothing);
  if (revert === undefined) return undefined;
  if (there !== undefined && there !== revert)
    throw new SlipwayError('PUSH_REFUSED', `there is a branch ${head} that is not ours`, { hint: 'remove it, and revert by hand' });
  await pushBranch(mirror.path, { branch: head, commit: revert }, { access: await host.clone(repo, { write: true }), context });
  const title = `Revert #${ref.number}: ${pull.title}`;
  const body = `${run} was rolled back, so that what #${ref.number} describes is not there any more. This takes it out of \`${branch}\` as well.\n\nUntil this is merged, or somebody says \`slipway release -r ${runbook}\`, ${runbook} is pinned: it is neither planned nor applied.\n`;
  const { number, url } = await host.openPullRequest({ repo, head, base: branch, title, body }, { signal });
  return { number, url };
}

function nothing(cause: unknown): undefined {
  if (cause instanceof SlipwayError && cause.code === 'REVERT_NOTHING') return undefined;
  throw cause;
}

/** The commit that the default branch goes back to. @throws {SlipwayError} `REVERT_UNCLEAR`. */
async function goingBackTo({ mirror, record, ref }: OpenedPull, commit: string): Promise<string> {
  const before = await beforeLanding(mirror, record, commit);
  if (before !== undefined) return before;
  throw new SlipwayError('REVERT_UNCLEAR', `which commits of the default branch are those of #${ref.number} cannot be told from ${commit}`, {
    hint: 'revert them by hand',
  });
}

/** Is this pull request one that takes a change back, and which? */
export function revertedBy(pins: readonly Pin[], { number }: Pick<PullRequest, 'number'>): readonly Pin[] {
  return pins.filter(({ revert }) => revert?.number === number);
}
