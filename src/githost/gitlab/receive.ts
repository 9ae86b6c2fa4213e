import { z } from 'zod';
import type { Secret } from '../../core/index.ts';
import { deliveryId, deliveryOf, ignored } from '../delivery.ts';
import type { Delivery, HostEvent, PullRequestEvent } from '../event.ts';
import { commitOrNone, isRef } from '../names.ts';
import type { HostRequest } from '../port.ts';
import { BODY_CHARS, id, login, number, readPayload, sha, text } from '../read.ts';
import { headerOf, malformed, verifyStandardWebhook, verifyToken } from '../signature/index.ts';
import { Project } from './shapes.ts';

const Sender = z.object({ id, username: login }).transform(({ id: key, username }) => ({ id: key, login: username }));
const PushPayload = z.object({ project: Project, ref: z.string().max(1_024), before: sha, after: sha, user_id: id, user_username: login });
const PullPayload = z.object({
  project: Project,
  user: Sender,
  object_attributes: z.object({ iid: number, action: z.string().max(64).nullish(), oldrev: sha.nullish(), last_commit: z.object({ id: sha }) }),
  changes: z
    .object({ target_branch: z.unknown().optional(), draft: z.object({ current: z.boolean().nullish() }).nullish() })
    .nullish()
    .transform((changes) => changes ?? {}),
});
const NotePayload = z.object({
  project: Project,
  user: Sender,
  object_attributes: z.object({
    id,
    note: text(BODY_CHARS),
    noteable_type: z.string().max(64),
    type: z.string().max(64).nullish(),
    author_id: id,
    system: z.boolean().default(false),
    /** Versions before 16 do not say it, and send only new ones. */
    action: z.string().max(32).default('create'),
  }),
  merge_request: z.object({ iid: number }).nullish(),
});

/**
 * Verify and parse a delivery of GitLab: by the signature of newer versions, which covers id and time too, or by the secret token, which only says
 * that the sender knows it; the connection must then be encrypted.
 */
export function receiveGitlab(host: string, request: HostRequest, { secrets, now }: { readonly secrets: readonly Secret[]; readonly now: number }): Delivery {
  const { headers, body } = request;
  const { secretIndex, signedId } = verified(request, secrets, now);
  const name = ['idempotency-key', 'x-gitlab-event-uuid'].find((each) => headerOf(headers, each) !== undefined) ?? 'idempotency-key';
  return deliveryOf({ host, id: signedId ?? deliveryId(headers, name), event: eventIn(request), secretIndex, body });
}

function verified({ headers, body }: HostRequest, secrets: readonly Secret[], now: number): { readonly secretIndex: number; readonly signedId?: string } {
  const signing = secrets.filter((secret) => secret.reveal().startsWith('whsec_'));
  const tokens = secrets.filter((secret) => !signing.includes(secret));
  const at = (secret: Secret | undefined) => (secret === undefined ? -1 : secrets.indexOf(secret));
  if (signing.length > 0 && (tokens.length === 0 || headerOf(headers, 'webhook-signature') !== undefined)) {
    const { id: signedId, keyIndex } = verifyStandardWebhook(headers, body, { keys: { secrets: signing }, now });
    return { secretIndex: at(signing[keyIndex]), signedId };
  }
  return { secretIndex: at(tokens[verifyToken(headers, 'x-gitlab-token', tokens)]) };
}

function eventIn(request: HostRequest): HostEvent {
  const name = headerOf(request.headers, 'x-gitlab-event');
  switch (name) {
    case undefined:
      throw malformed('the header x-gitlab-event is missing');
    case 'Push Hook':
    case 'Tag Push Hook':
      return push(readPayload(PushPayload, request));
    case 'Merge Request Hook':
      return pull(readPayload(PullPayload, request));
    case 'Note Hook':
      return note(readPayload(NotePayload, request));
    default:
      return ignored(`nothing follows from the event ${JSON.stringify(name.slice(0, 64))}`);
  }
}

function push({ project, ref, before, after, user_id: key, user_username: name }: z.infer<typeof PushPayload>): HostEvent {
  if (!isRef(ref)) return ignored('the pushed ref has a name that git would not take');
  const changes = [{ ref, before: commitOrNone(before), after: commitOrNone(after) }];
  return { type: 'push', repo: project.path_with_namespace, changes, sender: { id: key, login: name } };
}

function pull({ project, user, object_attributes: about, changes }: z.infer<typeof PullPayload>): HostEvent {
  const where = { repo: project.path_with_namespace, number: about.iid, sender: user };
  // `approval` is one vote; `approved` is the vote after which there are enough.
  if (about.action === 'approval' || about.action === 'approved') return { type: 'review', action: 'approved', ...where };
  if (about.action === 'unapproval' || about.action === 'unapproved') return { type: 'review', action: 'dismissed', ...where };
  const action = actionOf(about, changes);
  if (action === undefined) return ignored(`nothing follows from "${about.action ?? 'no action'}" of a merge request`);
  return { type: 'pullRequest', action, head: about.last_commit.id, ...where };
}

function actionOf(
  { action, oldrev }: z.infer<typeof PullPayload>['object_attributes'],
  changes: z.infer<typeof PullPayload>['changes'],
): PullRequestEvent['action'] | undefined {
  switch (action ?? '') {
    case 'open':
      return 'opened';
    case 'reopen':
      return 'reopened';
    case 'close':
      return 'closed';
    case 'merge':
      return 'merged';
    case 'update': {
      const isOther = typeof oldrev === 'string' || (changes.target_branch ?? undefined) !== undefined || changes.draft?.current === false;
      return isOther ? 'updated' : 'edited';
    }
    default:
      return undefined;
  }
}

function note({ project, user, object_attributes: about, merge_request: pullRequest }: z.infer<typeof NotePayload>): HostEvent {
  if (about.noteable_type !== 'MergeRequest' || !pullRequest) return ignored('the comment is not on a merge request');
  if (about.system) return ignored('GitLab wrote the comment itself');
  if (about.type === 'DiffNote') return ignored('the comment is on a line of code');
  if (about.author_id !== user.id) return ignored('somebody else edited the comment');
  const action = about.action === 'update' ? 'edited' : 'created';
  const comment = { id: about.id, author: user, body: about.note };
  return { type: 'comment', action, repo: project.path_with_namespace, number: pullRequest.iid, comment, sender: user };
}
