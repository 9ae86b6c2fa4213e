import { z } from 'zod';
import type { Adapter } from '../adapter.ts';
import { HostError } from '../error.ts';
import type { Call, ChangedPath, Committer, HostUser, PullRequest } from '../port.ts';
import { type Client, type Clients, data, everything, ownerAndName, signalled } from './client.ts';
import { lastOpinions } from './opinions.ts';
import { sha } from '../read.ts';
import { Commit, File, Pull, Review } from './shapes.ts';

/** GitHub lists no more commits of a pull request than these; comparing lists all. */
const LISTED_COMMITS = 250;
const MOST = 10_000;

/** Looks at one pull request. */
export type Look = Adapter['pull'];

const raw = (client: Client, { repo, number }: { readonly repo: string; readonly number: number }, call?: Call): Promise<Pull> =>
  data(Pull, () => client.request('GET /repos/{owner}/{repo}/pulls/{pull_number}', { ...ownerAndName(repo), pull_number: number, ...signalled(call) }));

export function lookOf(clients: Clients): Look {
  return async (repo, number, call) => {
    const client = await clients.of(repo, call);
    const pull = await raw(client, { repo, number }, call);
    return toPull(pull, repo, pull.state === 'open' ? await compared(client, { repo, pull }, call) : undefined);
  };
}

export function pullsOf(clients: Clients): Pick<Adapter, 'changedFiles' | 'committers' | 'approvals'> {
  return {
    changedFiles: async (repo, number, call) => {
      const client = await clients.of(repo, call);
      const params = { ...ownerAndName(repo), pull_number: number, per_page: 100, ...signalled(call) };
      const files = await everything(File, client.paginate.iterator('GET /repos/{owner}/{repo}/pulls/{pull_number}/files', params), {
        path: `files of #${number}`,
        most: MOST,
      });
      const { changed_files: said = files.length } = await raw(client, { repo, number }, call);
      if (files.length < said)
        throw new HostError('PULL_TOO_LARGE', `#${number} changes ${said} files, and GitHub lists ${files.length}`, { hint: 'ask the mirror' });
      return files.map(toChange);
    },
    committers: async (repo, number, call) => {
      const client = await clients.of(repo, call);
      const commits = await commitsOf(client, { repo, number }, call);
      return commits.flatMap(({ commit, author, committer }) => [...person(commit.author, author), ...person(commit.committer, committer)]);
    },
    approvals: async (repo, number, call) => {
      const client = await clients.of(repo, call);
      const params = { ...ownerAndName(repo), pull_number: number, per_page: 100, ...signalled(call) };
      return lastOpinions(
        await everything(Review, client.paginate.iterator('GET /repos/{owner}/{repo}/pulls/{pull_number}/reviews', params), {
          path: `reviews of #${number}`,
          most: MOST,
        }),
      );
    },
  };
}

async function commitsOf(
  client: Client,
  { repo, number }: { readonly repo: string; readonly number: number },
  call?: Call,
): Promise<readonly z.infer<typeof Commit>[]> {
  const names = ownerAndName(repo);
  const params = { ...names, pull_number: number, per_page: 100, ...signalled(call) };
  const pages = client.paginate.iterator('GET /repos/{owner}/{repo}/pulls/{pull_number}/commits', params);
  const listed = await everything(Commit, pages, { path: `commits of #${number}`, most: MOST });
  if (listed.length < LISTED_COMMITS) return listed;
  const { base, head } = await raw(client, { repo, number }, call);
  const Page = z.object({ total_commits: z.int(), commits: Commit.array() });
  const all: z.infer<typeof Commit>[] = [];
  for (let page = 1; ; page++) {
    const range = { ...names, basehead: `${base.ref}...${head.sha}`, page, per_page: 100, ...signalled(call) };
    const { total_commits: total, commits } = await data(Page, () => client.request('GET /repos/{owner}/{repo}/compare/{basehead}', range));
    all.push(...commits);
    if (all.length >= total) return all;
    if (commits.length === 0)
      throw new HostError('PULL_TOO_LARGE', `#${number} has ${total} commits, and GitHub lists ${all.length}`, { hint: 'ask the mirror' });
  }
}

interface Compared {
  readonly behindBy: number;
  readonly base: string;
}

/** How far the head is behind, and where the base stands now: a pull request knows only where that stood when it last changed. */
async function compared(client: Client, { repo, pull }: { readonly repo: string; readonly pull: Pull }, call?: Call): Promise<Compared> {
  const Shape = z.object({ behind_by: z.int().nonnegative(), base_commit: z.object({ sha }) });
  const params = { ...ownerAndName(repo), basehead: `${pull.base.ref}...${pull.head.sha}`, per_page: 1, ...signalled(call) };
  const { behind_by: behindBy, base_commit: base } = await data(Shape, () => client.request('GET /repos/{owner}/{repo}/compare/{basehead}', params));
  return { behindBy, base: base.sha };
}

function toPull(pull: Pull, repo: string, now: Compared | undefined): PullRequest {
  const headRepo = pull.head.repo?.full_name;
  const merged = pull.merged === true;
  return {
    number: pull.number,
    title: pull.title,
    url: pull.html_url,
    state: merged ? 'merged' : pull.state,
    draft: pull.draft === true,
    author: pull.user,
    head: { ...(headRepo === undefined ? {} : { repo: headRepo }), branch: pull.head.ref, sha: pull.head.sha },
    base: { branch: pull.base.ref, sha: now?.base ?? pull.base.sha },
    isFork: headRepo?.toLowerCase() !== repo.toLowerCase(),
    mergeable: typeof pull.mergeable === 'boolean' ? (pull.mergeable ? 'yes' : 'no') : 'unknown',
    behindBy: now?.behindBy,
    labels: pull.labels.map(({ name }) => name),
    ...(merged && typeof pull.merge_commit_sha === 'string' ? { mergedAs: pull.merge_commit_sha } : {}),
  };
}

function toChange({ filename, previous_filename: previous, status }: z.infer<typeof File>): ChangedPath {
  if (status === 'renamed' && previous !== undefined) return { path: filename, change: 'renamed', previousPath: previous };
  return { path: filename, change: status === 'removed' ? 'deleted' : status === 'added' || status === 'copied' ? 'added' : 'modified' };
}

function person(identity: { readonly name: string; readonly email: string } | null | undefined, account: HostUser | null | undefined): readonly Committer[] {
  return identity ? [{ ...identity, ...(account ? { account } : {}) }] : [];
}
