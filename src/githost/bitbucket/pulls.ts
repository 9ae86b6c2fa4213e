import { z } from 'zod';
import type { Adapter } from '../adapter.ts';
import { HostError } from '../error.ts';
import { type Api, apiPath } from '../http/index.ts';
import { mergeExactly } from '../merge-exactly.ts';
import { openOnce } from '../open-once.ts';
import type { Approval, Call, ChangedPath, Committer, PullRequest } from '../port.ts';
import { everyPage, repoPath } from './paths.ts';
import { Change, Commit, Pull } from './shapes.ts';

const MOST = 10_000;
const STRATEGY = { merge: undefined, squash: 'squash', rebase: 'rebase-no-ff' } as const;
const Merging = z.object({ conflicted: z.boolean(), outcome: z.string().max(32).nullish() });
type Pulls = Pick<Adapter, 'pull' | 'changedFiles' | 'committers' | 'approvals' | 'merge' | 'openPullRequest'>;

export function pullsOf(api: Api, url: string): Pulls {
  const pathOf = (repo: string, number: number) => `${repoPath(repo)}${apiPath`/pull-requests/${number}`}`;
  const raw = (repo: string, number: number, call?: Call) => api.read(Pull, { path: pathOf(repo, number), ...call });
  const look = async (repo: string, number: number, call?: Call): Promise<PullRequest> => {
    const pull = await raw(repo, number, call);
    const isOpen = pull.state === 'OPEN';
    const [merging, behindBy] = await Promise.all([
      isOpen ? api.read(Merging, { path: `${pathOf(repo, number)}/merge`, ...call }) : undefined,
      isOpen ? behind(api, { repo, pull }, call) : undefined,
    ]);
    return toPull(pull, { repo, url, merging, behindBy });
  };
  return {
    pull: look,
    changedFiles: async (repo, number, call) =>
      (await everyPage(api, { item: Change, call: { path: `${pathOf(repo, number)}/changes`, ...call }, most: MOST })).map(toChange),
    committers: async (repo, number, call) => {
      const commits = await everyPage(api, { item: Commit, call: { path: `${pathOf(repo, number)}/commits`, ...call }, most: MOST });
      return commits.flatMap(({ author, committer }) => [person(author), ...(committer ? [person(committer)] : [])]);
    },
    approvals: async (repo, number, call) => {
      const { reviewers, participants } = await raw(repo, number, call);
      return [...reviewers, ...participants].flatMap(opinion);
    },
    merge: (repo, number, { sha, method = 'merge', title }, call) =>
      mergeExactly(sha, {
        look: () => look(repo, number, call),
        send: async () => {
          // The version goes up whenever the head moves, so that Bitbucket refuses what was not looked at.
          const { version, fromRef } = await raw(repo, number, call);
          if (fromRef.latestCommit !== sha) throw new HostError('PULL_HEAD_MOVED', `the head of #${number} is ${fromRef.latestCommit}, not ${sha}`);
          const strategyId = STRATEGY[method];
          const body = { ...(strategyId === undefined ? {} : { strategyId }), ...(title === undefined ? {} : { message: title }) };
          await api.send({ method: 'POST', path: `${pathOf(repo, number)}/merge`, query: { version }, body, ...call });
        },
      }),
    openPullRequest: async ({ repo, head, base, title, body }, call) => {
      const path = `${repoPath(repo)}/pull-requests`;
      const opened = (pull: Pull) => ({ number: pull.id, url: addressOf(url, repo, pull.id) });
      return openOnce({
        find: async () => {
          const query = { state: 'OPEN', direction: 'OUTGOING', at: `refs/heads/${head}` };
          const open = await everyPage(api, { item: Pull, call: { path, query, ...call }, most: MOST });
          const same = open.find(({ fromRef, toRef }) => fromRef.displayId === head && toRef.displayId === base && fromRef.repository === toRef.repository);
          return same && opened(same);
        },
        create: async () => {
          const refs = { fromRef: { id: `refs/heads/${head}` }, toRef: { id: `refs/heads/${base}` } };
          return opened(await api.read(Pull, { method: 'POST', path, body: { title, description: body, ...refs }, ...call }));
        },
      });
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

function addressOf(url: string, repo: string, number: number): string {
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
