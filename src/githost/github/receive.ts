import { z } from 'zod';
import type { Secret } from '../../core/index.ts';
import { deliveryId, deliveryOf, ignored } from '../delivery.ts';
import type { Delivery, HostEvent, PullRequestEvent, ReviewEvent } from '../event.ts';
import { commentEvent, pullEvent, pushEvent } from '../github-events.ts';
import type { HostRequest } from '../port.ts';
import { number, readPayload, sha } from '../read.ts';
import { headerOf, malformed, verifyHexHeaders } from '../signature/index.ts';
import { Comment, Pull, Repository, User } from './shapes.ts';

const About = { repository: Repository, sender: User };
const PullPayload = z.object({
  ...About,
  action: z.string().max(64),
  number,
  pull_request: Pull.pick({ head: true, merged: true }),
  changes: z.object({ base: z.unknown().optional() }).nullish(),
});
const CommentPayload = z.object({
  ...About,
  action: z.string().max(64),
  issue: z.object({ number, pull_request: z.object({}).nullish() }),
  comment: Comment.pick({ id: true, user: true, body: true }),
});
const ReviewPayload = z.object({
  ...About,
  action: z.string().max(64),
  review: z.object({ state: z.string().max(32) }),
  pull_request: z.object({ number }),
});
const PushPayload = z.object({ ...About, ref: z.string().max(1_024), before: sha, after: sha });

/** Verify and parse a delivery of GitHub. */
export function receiveGithub(host: string, request: HostRequest, secrets: readonly Secret[]): Delivery {
  const { headers, body } = request;
  // The SHA-1 signature beside it is not enough.
  const secretIndex = verifyHexHeaders(headers, body, { accepted: [{ name: 'x-hub-signature-256', prefix: 'sha256=' }], secrets });
  return deliveryOf({ host, id: deliveryId(headers, 'x-github-delivery'), event: eventIn(request), secretIndex, body });
}

function eventIn(request: HostRequest): HostEvent {
  const name = headerOf(request.headers, 'x-github-event');
  switch (name) {
    case undefined:
      throw malformed('the header x-github-event is missing');
    case 'ping':
      return { type: 'ping' };
    case 'push':
      return pushEvent(readPayload(PushPayload, request));
    case 'pull_request': {
      const payload = readPayload(PullPayload, request);
      return pullEvent(actionOf(payload), payload);
    }
    case 'issue_comment': {
      const payload = readPayload(CommentPayload, request);
      return commentEvent(Boolean(payload.issue.pull_request), payload);
    }
    case 'pull_request_review':
      return review(readPayload(ReviewPayload, request));
    default:
      return ignored(`nothing follows from the event ${JSON.stringify(name.slice(0, 64))}`);
  }
}

function actionOf({ action, changes, pull_request: { merged } }: z.infer<typeof PullPayload>): PullRequestEvent['action'] | undefined {
  switch (action) {
    case 'opened':
    case 'reopened':
      return action;
    case 'closed':
      return merged === true ? 'merged' : 'closed';
    case 'synchronize':
    case 'ready_for_review':
      return 'updated';
    case 'edited':
      // Another base is another change.
      return changes?.base === undefined || changes.base === null ? 'edited' : 'updated';
    case 'labeled':
    case 'unlabeled':
    case 'converted_to_draft':
      return 'edited';
    default:
      return undefined;
  }
}

function review({ action, review: { state }, repository, sender, pull_request: about }: z.infer<typeof ReviewPayload>): HostEvent {
  const said = action === 'dismissed' ? 'dismissed' : action === 'submitted' ? opinion(state) : undefined;
  if (said === undefined) return ignored(`nothing follows from "${action}" of a review`);
  return { type: 'review', action: said, repo: repository.full_name, number: about.number, sender };
}

function opinion(state: string): ReviewEvent['action'] {
  const lower = state.toLowerCase();
  return lower === 'approved' ? 'approved' : lower === 'changes_requested' ? 'changesRequested' : 'commented';
}
