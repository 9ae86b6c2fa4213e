import { ignored } from './delivery.ts';
import type { CommentEvent, HostEvent, PullRequestEvent } from './event.ts';
import { commitOrNone, isRef } from './names.ts';

// Gitea and Forgejo send what GitHub sends, but for how they name what happened: that is asked of each host, and the events are made here.

interface About {
  readonly repository: { readonly full_name: string };
  readonly sender: PullRequestEvent['sender'];
}

export function pushEvent({ repository, sender, ref, before, after }: About & Readonly<Record<'ref' | 'before' | 'after', string>>): HostEvent {
  if (!isRef(ref)) return ignored('the pushed ref has a name that git would not take');
  return { type: 'push', repo: repository.full_name, changes: [{ ref, before: commitOrNone(before), after: commitOrNone(after) }], sender };
}

interface PullPayload extends About {
  readonly action: string;
  readonly number: number;
  readonly pull_request: { readonly head: { readonly sha: string } };
}

/** @param action what happened, in our words; undefined when nothing follows from it. */
export function pullEvent(action: PullRequestEvent['action'] | undefined, payload: PullPayload): HostEvent {
  if (action === undefined) return ignored(`nothing follows from "${payload.action}" of a pull request`);
  const { repository, sender, pull_request: about } = payload;
  return { type: 'pullRequest', action, repo: repository.full_name, number: payload.number, head: about.head.sha, sender };
}

interface CommentPayload extends About {
  readonly action: string;
  readonly issue: { readonly number: number };
  readonly comment: { readonly id: string; readonly user: CommentEvent['sender']; readonly body: string };
}

/** @param isPull pull requests are issues too, and hosts say in their own ways which are. */
export function commentEvent(isPull: boolean, { action, issue, comment: about, repository, sender }: CommentPayload): HostEvent {
  if (!isPull) return ignored('the comment is on an issue');
  if (action !== 'created' && action !== 'edited' && action !== 'deleted') return ignored(`nothing follows from "${action}" of a comment`);
  return {
    type: 'comment',
    action,
    repo: repository.full_name,
    number: issue.number,
    comment: { id: about.id, author: about.user, body: about.body },
    sender,
  };
}
