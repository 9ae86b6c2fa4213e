import { z } from 'zod';
import type { Clock } from '../../core/index.ts';
import type { Adapter } from '../adapter.ts';
import { type Api, allPages, apiPath } from '../http/index.ts';
import type { Approval, Call, ChangedPath, Committer, HostUser, PullRequest } from '../port.ts';
import { Commit, File, Pull, Review } from './shapes.ts';
import { repoPath } from './paths.ts';

const MOST_COMMITS = 10_000;
const MOST_FILES = 10_000;
/** Gitea says "not mergeable" while it checks for conflicts, which takes it seconds. */
const CHECKING_MS = 30_000;
const NO_EXTRAS = { verification: false, files: false, stat: false };

/** Looks at one pull request. */
export type Look = Adapter['pull'];

export function lookOf(api: Api, clock: Clock): Look {
  return async (repo, number, call) => {
    const pull = await api.read(Pull, { path: `${repoPath(repo)}${apiPath`/pulls/${number}`}`, ...call });
    return toPull(pull, { repo, behindBy: pull.state === 'open' ? await behind(api, { repo, pull }, call) : undefined, now: clock.now() });
  };
}

export function pullsOf(api: Api): Pick<Adapter, 'changedFiles' | 'committers' | 'approvals'> {
  return {
    changedFiles: async (repo, number, call) => {
      const found = await allPages(api, { item: File, call: { path: `${repoPath(repo)}${apiPath`/pulls/${number}/files`}`, ...call }, most: MOST_FILES });
      return found.map(toChange);
    },
    committers: async (repo, number, call) => {
      const path = `${repoPath(repo)}${apiPath`/pulls/${number}/commits`}`;
      const commits = await allPages(api, { item: Commit, call: { path, query: NO_EXTRAS, ...call }, most: MOST_COMMITS });
      return commits.flatMap(({ commit, author, committer }) => [...person(commit.author, author), ...person(commit.committer, committer)]);
    },
    approvals: async (repo, number, call) => {
      const reviews = await allPages(api, {
        item: Review,
        call: { path: `${repoPath(repo)}${apiPath`/pulls/${number}/reviews`}`, ...call },
        most: MOST_COMMITS,
      });
      return lastOpinions(reviews);
    },
  };
}

/** How many commits of the base the head has not. */
async function behind(api: Api, { repo, pull }: { readonly repo: string; readonly pull: Pull }, call?: Call): Promise<number | undefined> {
  const range = `${pull.head.sha}...${pull.base.sha}`;
  const compared = await api.find(z.object({ total_commits: z.int().nonnegative() }), {
    path: `${repoPath(repo)}${apiPath`/compare/${range}`}`,
    query: NO_EXTRAS,
    ...call,
  });
  return compared?.total_commits;
}

function toPull(pull: Pull, { repo, behindBy, now }: { readonly repo: string; readonly behindBy: number | undefined; readonly now: number }): PullRequest {
  const headRepo = pull.head.repo?.full_name;
  const isChecking = !pull.draft && now - pull.updated_at < CHECKING_MS;
  return {
    number: pull.number,
    title: pull.title,
    url: pull.html_url,
    state: pull.merged ? 'merged' : pull.state,
    draft: pull.draft,
    author: pull.user,
    head: { ...(headRepo === undefined ? {} : { repo: headRepo }), branch: pull.head.ref, sha: pull.head.sha },
    base: { branch: pull.base.ref, sha: pull.base.sha },
    isFork: headRepo?.toLowerCase() !== repo.toLowerCase(),
    mergeable: pull.mergeable ? 'yes' : isChecking ? 'unknown' : 'no',
    behindBy,
    labels: pull.labels.map(({ name }) => name),
    ...(pull.merged && typeof pull.merge_commit_sha === 'string' ? { mergedAs: pull.merge_commit_sha } : {}),
  };
}

function toChange({ filename, previous_filename: previous, status }: z.infer<typeof File>): ChangedPath {
  if (status === 'renamed' && typeof previous === 'string' && previous !== '') return { path: filename, change: 'renamed', previousPath: previous };
  const change = status === 'deleted' ? 'deleted' : status === 'added' || status === 'copied' ? 'added' : 'modified';
  return { path: filename, change };
}

function person(identity: { readonly name: string; readonly email: string } | null | undefined, account: HostUser | null | undefined): readonly Committer[] {
  return identity ? [{ ...identity, ...(account ? { account } : {}) }] : [];
}

/** The newest of everybody; remarks without an opinion change nothing, and a dismissed opinion is none. */
function lastOpinions(reviews: readonly z.infer<typeof Review>[]): readonly Approval[] {
  const last = new Map<string, Approval>();
  for (const { user, state, commit_id: commit, dismissed } of [...reviews].sort((a, b) => a.id - b.id)) {
    if (!user || (state !== 'APPROVED' && state !== 'REQUEST_CHANGES')) continue;
    last.delete(user.id);
    const sha = typeof commit === 'string' && commit !== '' ? commit : undefined;
    if (!dismissed) last.set(user.id, { user, state: state === 'APPROVED' ? 'approved' : 'changesRequested', sha });
  }
  return [...last.values()];
}
