import { MergeRequestApprovals, MergeRequestNotes, MergeRequests } from '@gitbeaker/rest';
import type { z } from 'zod';
import type { Adapter } from '../adapter.ts';
import type { Approval } from '../port.ts';
import { PAGES, type Resources, shapedAs, wholeList } from './client.ts';
import { Approvals, Note, Reviewer, Version } from './shapes.ts';

/**
 * GitLab does not say which commit somebody approved. It says when, and when each head was pushed: the approval is for the head of that moment. One that came in
 * the same instant counts for the head before, and one whose time is not known for none.
 */
export function approvalsOf(resources: Resources): Pick<Adapter, 'approvals'> {
  return {
    approvals: async (repo, number, call) => {
      const [{ approved_by: votes }, versions, reviewers] = await Promise.all([
        shapedAs(Approvals, resources(MergeRequestApprovals, call).showConfiguration(repo, { mergerequestIId: number })),
        wholeList(Version, resources(MergeRequests, call).allDiffVersions(repo, number, PAGES), `versions of !${number}`),
        wholeList(Reviewer, resources(MergeRequests, call).showReviewers(repo, number, PAGES), `reviewers of !${number}`),
      ]);
      const unsure = votes.some(({ approved_at: at }) => typeof at !== 'number');
      const said = unsure
        ? await timesSaid(wholeList(Note, resources(MergeRequestNotes, call).all(repo, number, { ...PAGES, sort: 'asc', orderBy: 'created_at' }), 'notes'))
        : new Map<string, number>();
      const approved = votes.map(({ user: { id, login }, approved_at: at }): Approval => {
        const when = at ?? said.get(id);
        return { user: { id, login }, state: 'approved', sha: when === undefined ? undefined : headAt(versions, when) };
      });
      const against = reviewers
        .filter(({ state, user }) => state === 'requested_changes' && !votes.some((vote) => vote.user.id === user.id))
        .map(({ user: { id, login } }): Approval => ({ user: { id, login }, state: 'changesRequested', sha: undefined }));
      return [...approved, ...against];
    },
  };
}

/** The newest head that was there before that moment. */
function headAt(versions: readonly z.infer<typeof Version>[], when: number): string | undefined {
  const before = versions.filter(({ created_at: at }) => at < when).sort((a, b) => b.created_at - a.created_at);
  return before[0]?.head_commit_sha;
}

/** When everybody last approved, from what GitLab wrote into the conversation. */
async function timesSaid(notes: Promise<readonly z.infer<typeof Note>[]>): Promise<ReadonlyMap<string, number>> {
  const times = new Map<string, number>();
  for (const { system, author, body, created_at: at } of await notes) if (system && body.startsWith('approved this merge request')) times.set(author.id, at);
  return times;
}
