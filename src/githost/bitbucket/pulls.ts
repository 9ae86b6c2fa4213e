import { z } from 'zod';
import type { Adapter } from '../adapter.ts';
import { type Api, apiPath } from '../http/index.ts';
import type { Approval, Call, ChangedPath, Committer, PullRequest } from '../port.ts';
import { everyPage, repoPath } from './paths.ts';
import { Change, Commit, Pull } from './shapes.ts';

const MOST = 10_000;
const Merging = z.object({ conflicted: z.boolean(), outcome: z.string().max(32).nullish() });
/** Looks at one pull request. */
export type Look = Adapter['pull'];

export const pullPath = (repo: string, number: number): string => `${repoPath(repo)}${apiPath`/pull-requests/${number}`}`;

/** The pull request as Bitbucket says it. */
export function rawPull(api: Api, { repo, number }: { readonly repo: string; readonly number: number }, call?: Call): Promise<Pull> {
  return api.read(Pull, { path: pullPath(repo, number), ...call });
}

export function lookOf(api: Api, url: string): Look {
  return async (repo, number, call) => {
    const pull = await rawPull(api, { repo, number }, call);
    const isOpen = pull.state === 'OPEN';
    const [merging, behindBy] = await Promise.all([
      isOpen ? api.read(Merging, { path: `${pullPath(repo, number)}/merge`, ...call }) : undefined,
      isOpen ? behind(api, { repo, pull }, call) : undefined,
    ]);
    return toPull(pull, { repo, url, merging, behindBy });
  };
}

export function pullsOf(api: Api): Pick<Adapter, 'changedFiles' | 'committers' | 'approvals'> {
  return {
    changedFiles: async (repo, number, call) =>
      (await everyPage(api, { item: Change, call: { path: `${pullPath(repo, number)}/changes`, ...call }, most: MOST })).map(toChange),
    committers: async (repo, number, call) => {
      const commits = await everyPage(api, { item: Commit, call: { path: `${pullPath(repo, number)}/commits`, ...call }, most: MOST });
      return commits.flatMap(({ author, committer }) => [person(author), ...(committer ? [person(committer)] : [])]);
    },
    approvals: async (repo, number, call) => {
      const { reviewers, participants } = await rawPull(api, { repo, number }, call);
      return [...reviewers, ...participants].flatMap(opinion);
    },
  };
}

async function behind(api: Api, { repo, pull }: { readonly repo: string; readonly pull: Pull }, call?: Call): Promise<number | undefined> {
  const query = { since: pull.fromRef.latestCommit, until: pull.toRef.latestCommit, withCounts: true, limit: 1 };
  const found = await api.find(z.object({ totalCount: z.int().nonnegative() }), { path: `${repoPath(repo)}/commits`, query, ...call });
  return found?.totalCount;
}

interface Looked {
  readonly repo: string;
  readonly url: string;
  readonly merging: z.infer<typeof Merging> | undefined;
  readonly behindBy: number | undefined;
}

function toPull(pull: Pull, { repo, url, merging, behindBy }: Looked): PullRequest {
  const merge = pull.properties.mergeCommit;
  return {
    number: pull.id,
    title: pull.title,
    url: addressOf(url, repo, pull.id),
    state: pull.state === 'OPEN' ? 'open' : pull.state === 'MERGED' ? 'merged' : 'closed',
    draft: pull.draft === true,
    author: pull.author.user,
    head: { repo: pull.fromRef.repository, branch: pull.fromRef.displayId, sha: pull.fromRef.latestCommit },
    base: { branch: pull.toRef.displayId, sha: pull.toRef.latestCommit },
    isFork: pull.fromRef.repository !== pull.toRef.repository,
    // Conflicts only: a veto can be our own status that is still missing.
    mergeable: merging === undefined || merging.outcome === 'UNKNOWN' ? 'unknown' : merging.conflicted ? 'no' : 'yes',
    behindBy,
    labels: [],
    ...(pull.state === 'MERGED' && merge ? { mergedAs: merge.id } : {}),
  };
}

export function addressOf(url: string, repo: string, number: number): string {
  return `${url}${repoPath(repo)}${apiPath`/pull-requests/${number}`}`;
}

function toChange({ type, path, srcPath }: z.infer<typeof Change>): ChangedPath {
  if (type === 'MOVE' && srcPath) return { path: path.toString, change: 'renamed', previousPath: srcPath.toString };
  return { path: path.toString, change: type === 'DELETE' ? 'deleted' : type === 'ADD' || type === 'COPY' ? 'added' : 'modified' };
}

function person({ name, emailAddress: email, id, slug }: z.infer<typeof Commit>['author']): Committer {
  return { name, email, ...(id !== undefined && slug !== undefined ? { account: { id, login: slug } } : {}) };
}

function opinion({ user, status, lastReviewedCommit: sha }: Pull['reviewers'][number]): readonly Approval[] {
  if (status !== 'APPROVED' && status !== 'NEEDS_WORK') return [];
  return [{ user, state: status === 'APPROVED' ? 'approved' : 'changesRequested', sha: sha === '' || sha === null ? undefined : sha }];
}
