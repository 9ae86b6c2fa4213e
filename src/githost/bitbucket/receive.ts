import { z } from 'zod';
import type { Secret } from '../../core/index.ts';
import { deliveryId, deliveryOf, ignored } from '../delivery.ts';
import type { CommentEvent, Delivery, HostEvent, PullRequestEvent, ReviewEvent } from '../event.ts';
import { commitOrNone, isRef } from '../names.ts';
import type { HostRequest } from '../port.ts';
import { BODY_CHARS, id, number, readPayload, sha, text } from '../read.ts';
import { headerOf, malformed, verifyHexHeaders } from '../signature/index.ts';
import { RepositoryName, User } from './shapes.ts';

const About = z.object({
  id: number,
  fromRef: z.object({ latestCommit: sha }),
  toRef: z.object({ displayId: z.string().max(1_024), repository: RepositoryName }),
});
const PullPayload = z.object({
  actor: User,
  pullRequest: About,
  previousTarget: z.object({ displayId: z.string().max(1_024) }).nullish(),
  previousDraft: z.boolean().nullish(),
});
const CommentPayload = z.object({
  actor: User,
  pullRequest: About,
  comment: z.object({ id, text: text(BODY_CHARS), author: User, anchor: z.unknown().optional() }),
});
const PushPayload = z.object({
  actor: User,
  repository: RepositoryName,
  changes: z.array(z.object({ ref: z.object({ id: z.string().max(1_024) }), fromHash: sha, toHash: sha })).max(10_000),
});

const PULLS: Readonly<Record<string, PullRequestEvent['action']>> = {
  'pr:opened': 'opened',
  'pr:from_ref_updated': 'updated',
  'pr:modified': 'edited',
  'pr:reopened': 'reopened',
  'pr:declined': 'closed',
  'pr:deleted': 'closed',
  'pr:merged': 'merged',
};
const REVIEWS: Readonly<Record<string, ReviewEvent['action']>> = {
  'pr:reviewer:approved': 'approved',
  'pr:reviewer:unapproved': 'dismissed',
  'pr:reviewer:changes_requested': 'changesRequested',
  'pr:reviewer:needs_work': 'changesRequested',
};
const COMMENTS: Readonly<Record<string, CommentEvent['action']>> = {
  'pr:comment:added': 'created',
  'pr:comment:edited': 'edited',
  'pr:comment:deleted': 'deleted',
};

/** Verify and parse a delivery of Bitbucket Data Center. */
export function receiveBitbucket(host: string, request: HostRequest, secrets: readonly Secret[]): Delivery {
  const { headers, body } = request;
  const secretIndex = verifyHexHeaders(headers, body, { accepted: [{ name: 'x-hub-signature', prefix: 'sha256=' }], secrets });
  return deliveryOf({ host, id: deliveryId(headers, 'x-request-id'), event: eventIn(request), secretIndex, body });
}

function eventIn(request: HostRequest): HostEvent {
  const name = headerOf(request.headers, 'x-event-key');
  if (name === undefined) throw malformed('the header x-event-key is missing');
  if (name === 'diagnostics:ping') return { type: 'ping' };
  if (name === 'repo:refs_changed') return push(readPayload(PushPayload, request));
  if (Object.hasOwn(PULLS, name)) return pull(PULLS[name] ?? 'edited', readPayload(PullPayload, request));
  if (Object.hasOwn(REVIEWS, name)) return review(REVIEWS[name] ?? 'commented', readPayload(PullPayload, request));
  if (Object.hasOwn(COMMENTS, name)) return comment(COMMENTS[name] ?? 'edited', readPayload(CommentPayload, request));
  return ignored(`nothing follows from the event ${JSON.stringify(name.slice(0, 64))}`);
}

function push({ actor, repository, changes }: z.infer<typeof PushPayload>): HostEvent {
  const known = changes.filter(({ ref }) => isRef(ref.id));
  if (known.length === 0) return ignored('no ref that git would take was pushed');
  return {
    type: 'push',
    repo: repository,
    changes: known.map(({ ref, fromHash, toHash }) => ({ ref: ref.id, before: commitOrNone(fromHash), after: commitOrNone(toHash) })),
    sender: actor,
  };
}

function pull(action: PullRequestEvent['action'], { actor, pullRequest: about, previousTarget, previousDraft }: z.infer<typeof PullPayload>): HostEvent {
  // Another base is another change, and so is a draft that has become serious.
  const isOther = action === 'edited' && ((previousTarget && previousTarget.displayId !== about.toRef.displayId) === true || previousDraft === true);
  return {
    type: 'pullRequest',
    action: isOther ? 'updated' : action,
    repo: about.toRef.repository,
    number: about.id,
    head: about.fromRef.latestCommit,
    sender: actor,
  };
}

function review(action: ReviewEvent['action'], { actor, pullRequest: about }: z.infer<typeof PullPayload>): HostEvent {
  return { type: 'review', action, repo: about.toRef.repository, number: about.id, sender: actor };
}

function comment(action: CommentEvent['action'], { actor, pullRequest: about, comment: said }: z.infer<typeof CommentPayload>): HostEvent {
  if (said.anchor !== undefined && said.anchor !== null) return ignored('the comment is on a line of code');
  return {
    type: 'comment',
    action,
    repo: about.toRef.repository,
    number: about.id,
    comment: { id: said.id, author: said.author, body: said.text },
    sender: actor,
  };
}
