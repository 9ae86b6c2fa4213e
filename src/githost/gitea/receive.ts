import { z } from 'zod';
import type { Secret } from '../../core/index.ts';
import { deliveryId, deliveryOf, ignored } from '../delivery.ts';
import type { Delivery, HostEvent } from '../event.ts';
import { commitOrNone, isRef } from '../names.ts';
import type { HostRequest } from '../port.ts';
import { BODY_CHARS, id, number, readPayload, sha, text } from '../read.ts';
import { headerOf, malformed, verifyHexHeaders } from '../signature/index.ts';
import { Pull, Repository, User } from './shapes.ts';

/** Gitea sends the first and the last, Forgejo all three, each in other versions. */
const SIGNATURES = [
  { name: 'x-gitea-signature', prefix: '' },
  { name: 'x-forgejo-signature', prefix: '' },
  { name: 'x-hub-signature-256', prefix: 'sha256=' },
] as const;

const About = { repository: Repository, sender: User };
const PullPayload = z.object({
  ...About,
  action: z.string().max(64),
  number,
  pull_request: Pull.pick({ head: true, merged: true }),
  changes: z.object({ ref: z.unknown().optional() }).nullish(),
});
const CommentPayload = z.object({
  ...About,
  action: z.string().max(64),
  is_pull: z.boolean().default(false),
  issue: z.object({ number }),
  comment: z.object({ id, user: User, body: text(BODY_CHARS) }),
});
const ReviewPayload = z.object({ ...About, action: z.string().max(64), number: number.optional(), pull_request: z.object({ number }) });
const PushPayload = z.object({ ...About, ref: z.string().max(1_024), before: sha, after: sha });

/** Verify and parse a delivery of Gitea or Forgejo. */
export function receiveGitea(host: string, request: HostRequest, secrets: readonly Secret[]): Delivery {
  const { headers, body } = request;
  const secretIndex = verifyHexHeaders(headers, body, { accepted: SIGNATURES, secrets });
  const id = deliveryId(headers, headerOf(headers, 'x-gitea-delivery') === undefined ? 'x-forgejo-delivery' : 'x-gitea-delivery');
  return deliveryOf({ host, id, event: eventIn(request), secretIndex, body });
}

function eventIn(request: HostRequest): HostEvent {
  const name = headerOf(request.headers, 'x-gitea-event') ?? headerOf(request.headers, 'x-forgejo-event');
  switch (name) {
    case undefined:
      throw malformed('the header x-gitea-event is missing');
    case 'push':
      return push(readPayload(PushPayload, request));
    case 'pull_request':
      return pull(readPayload(PullPayload, request));
    case 'issue_comment':
      return comment(readPayload(CommentPayload, request));
    case 'pull_request_approved':
      return review('approved', readPayload(ReviewPayload, request));
    case 'pull_request_rejected':
      return review('changesRequested', readPayload(ReviewPayload, request));
    case 'pull_request_comment':
      return review('commented', readPayload(ReviewPayload, request));
    default:
      return ignored(`nothing follows from the event ${JSON.stringify(name.slice(0, 64))}`);
  }
}

function push({ repository, sender, ref, before, after }: z.infer<typeof PushPayload>): HostEvent {
  if (!isRef(ref)) return ignored('the pushed ref has a name that git would not take');
  return { type: 'push', repo: repository.full_name, changes: [{ ref, before: commitOrNone(before), after: commitOrNone(after) }], sender };
}

function pull(payload: z.infer<typeof PullPayload>): HostEvent {
  const action = actionOf(payload);
  if (action === undefined) return ignored(`nothing follows from "${payload.action}" of a pull request`);
  const { repository, sender, pull_request: about } = payload;
  return { type: 'pullRequest', action, repo: repository.full_name, number: payload.number, head: about.head.sha, sender };
}

function actionOf({
  action,
  changes,
  pull_request: { merged },
}: z.infer<typeof PullPayload>): 'opened' | 'updated' | 'edited' | 'reopened' | 'closed' | 'merged' | undefined {
  switch (action) {
    case 'opened':
    case 'reopened':
      return action;
    case 'closed':
      return merged ? 'merged' : 'closed';
    case 'synchronized':
    case 'synchronize':
      return 'updated';
    case 'edited':
      // Another base is another change.
      return changes?.ref === undefined || changes.ref === null ? 'edited' : 'updated';
    case 'label_updated':
    case 'label_cleared':
      return 'edited';
    default:
      return undefined;
  }
}

function comment({ action, is_pull: isPull, issue, comment: about, repository, sender }: z.infer<typeof CommentPayload>): HostEvent {
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

function review(action: 'approved' | 'changesRequested' | 'commented', { repository, sender, pull_request: about }: z.infer<typeof ReviewPayload>): HostEvent {
  return { type: 'review', action, repo: repository.full_name, number: about.number, sender };
}
