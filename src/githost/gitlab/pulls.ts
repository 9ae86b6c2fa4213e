import { Branches, MergeRequests, Projects } from '@gitbeaker/rest';
import type { Adapter } from '../adapter.ts';
import { HostError } from '../error.ts';
import type { Call, ChangedPath, PullRequest } from '../port.ts';
import type { z } from 'zod';
import { PAGES, type Resources, shapedAs, shapedOrNone, wholeList } from './client.ts';
import { Branch, Commit, Diff, Project, Pull } from './shapes.ts';

/** Looks at one pull request. */
export type Look = Adapter['pull'];

export function lookOf(resources: Resources): Look {
  return async (repo, number, call) => {
    const pull = await shapedAs(Pull, resources(MergeRequests, call).show(repo, number, { includeDivergedCommitsCount: true }));
    const [headRepo, base] = await Promise.all([headRepoOf(resources, { repo, pull }, call), baseOf(resources, { repo, pull }, call)]);
    return toPull(pull, { repo, headRepo, base });
  };
}

export function pullsOf(resources: Resources): Pick<Adapter, 'changedFiles' | 'committers'> {
  return {
    changedFiles: async (repo, number, call) =>
      (await wholeList(Diff, resources(MergeRequests, call).allDiffs(repo, number, PAGES), `files of !${number}`)).map(toChange),
    committers: async (repo, number, call) => {
      const commits = await wholeList(Commit, resources(MergeRequests, call).allCommits(repo, number, PAGES), `commits of !${number}`);
      return commits.flatMap((commit) => [
        { name: commit.author_name, email: commit.author_email },
        { name: commit.committer_name, email: commit.committer_email },
      ]);
    },
  };
}

/** Undefined when the fork is gone or hidden. */
async function headRepoOf(resources: Resources, { repo, pull }: { readonly repo: string; readonly pull: Pull }, call?: Call): Promise<string | undefined> {
  if (pull.source_project_id === pull.target_project_id) return repo;
  if (typeof pull.source_project_id !== 'number') return undefined;
  return (await shapedOrNone(Project, resources(Projects, call).show(pull.source_project_id)))?.path_with_namespace;
}

/** Where the base stands now; a merge request knows only where it stood. */
async function baseOf(resources: Resources, { repo, pull }: { readonly repo: string; readonly pull: Pull }, call?: Call): Promise<string> {
  const branch = await shapedOrNone(Branch, resources(Branches, call).show(repo, pull.target_branch));
  if (branch === undefined) throw new HostError('HOST_NOT_FOUND', `the branch that !${pull.iid} leads to is gone`);
  return branch.commit.id;
}

function toPull(pull: Pull, { repo, headRepo, base }: { readonly repo: string; readonly headRepo: string | undefined; readonly base: string }): PullRequest {
  const merged = pull.state === 'merged';
  return {
    number: pull.iid,
    title: pull.title,
    url: pull.web_url,
    state: merged ? 'merged' : pull.state === 'opened' ? 'open' : 'closed',
    draft: pull.draft === true,
    author: { id: pull.author.id, login: pull.author.login },
    head: { ...(headRepo === undefined ? {} : { repo: headRepo }), branch: pull.source_branch, sha: pull.sha },
    base: { branch: pull.target_branch, sha: base },
    isFork: pull.source_project_id !== pull.target_project_id || headRepo?.toLowerCase() !== repo.toLowerCase(),
    // Conflicts only: what else `detailed_merge_status` may say can be our own status that is still missing.
    mergeable: pull.merge_status === 'can_be_merged' ? 'yes' : pull.merge_status === 'cannot_be_merged' || pull.has_conflicts === true ? 'no' : 'unknown',
    behindBy: pull.state === 'opened' ? (pull.diverged_commits_count ?? undefined) : undefined,
    labels: pull.labels,
    ...(merged ? { mergedAs: pull.merge_commit_sha ?? pull.squash_commit_sha ?? pull.sha } : {}),
  };
}

function toChange(diff: z.infer<typeof Diff>): ChangedPath {
  if (diff.renamed_file) return { path: diff.new_path, change: 'renamed', previousPath: diff.old_path };
  return { path: diff.deleted_file ? diff.old_path : diff.new_path, change: diff.deleted_file ? 'deleted' : diff.new_file ? 'added' : 'modified' };
}
