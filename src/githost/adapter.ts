import { HostError } from './error.ts';
import type { Call, Comment, CommentRef, Comments, GitHost, HostKind } from './port.ts';

/** What one kind of host has to do. Arguments have been checked and texts fit; `guarded` makes a `GitHost` of it. */
export type Adapter = Omit<GitHost, 'comments'> & {
  readonly comments: Comments & { get(comment: CommentRef, call?: Call): Promise<Comment> };
};

/** The part of an adapter for hosts that have no pull requests. */
export function withoutPulls(kind: HostKind): Omit<Adapter, 'name' | 'kind' | 'can' | 'limits' | 'receive' | 'fileAt' | 'clone'> {
  const refuse = async (): Promise<never> => {
    throw new HostError('HOST_UNSUPPORTED', `a ${kind} repository has no pull requests, comments, statuses or accounts`, {
      hint: 'use branches and "slipway" on the command line there, or a host that has them',
    });
  };
  const comments = { list: refuse, get: refuse, create: refuse, edit: refuse, react: refuse, reply: refuse };
  return {
    self: refuse,
    pull: refuse,
    changedFiles: refuse,
    committers: refuse,
    approvals: refuse,
    comments,
    statuses: refuse,
    setStatus: refuse,
    permission: refuse,
    isMember: refuse,
    merge: refuse,
    openPullRequest: refuse,
  };
}
