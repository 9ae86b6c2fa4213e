import { z } from 'zod';
import type { Secret } from '../../core/index.ts';
import { deliveryId, deliveryOf, ignored } from '../delivery.ts';
import type { Delivery, HostEvent } from '../event.ts';
import { commentEvent, pullEvent, pushEvent } from '../github-events.ts';
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
      return pushEvent(readPayload(PushPayload, request));
    case 'pull_request': {
      const payload = readPayload(PullPayload, request);
      return pullEvent(actionOf(payload), payload);
    }
    case 'issue_comment': {
      const payload = readPayload(CommentPayload, request);
      return commentEvent(payload.is_pull, payload);
    }
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

function review(action: 'approved' | 'changesRequested' | 'commented', { repository, sender, pull_request: about }: z.infer<typeof ReviewPayload>): HostEvent {
  return { type: 'review', action, repo: repository.full_name, number: about.number, sender };
}
