import { randomUUID } from 'node:crypto';
import { Secret } from '../../src/core/index.ts';
import { type HostRequest, signStandardWebhook } from '../../src/githost/index.ts';
import type { ForgeEvent, Pull } from './forge/forge.ts';
import { projectOf, userOf } from './gitlab-answers.ts';

/** What GitLab posts, in the shape of its webhook documentation: signed when the secret is a signing token, else with the secret in a header. */
export function gitlabDelivery(event: ForgeEvent, secret: string): HostRequest {
  const [name, payload] = payloadOf(event);
  return withSecret(name, payload, secret);
}

export function withSecret(name: string, payload: object, secret: string): HostRequest {
  const body = Buffer.from(JSON.stringify(payload));
  const key = randomUUID();
  const headers = {
    'Content-Type': 'application/json',
    'X-Gitlab-Event': name,
    'X-Gitlab-Instance': 'https://gitlab.example',
    'X-Gitlab-Event-UUID': randomUUID(),
    'Idempotency-Key': key,
  };
  if (!secret.startsWith('whsec_')) return { headers: { ...headers, 'X-Gitlab-Token': secret }, body };
  return { headers: { ...headers, ...signStandardWebhook({ id: key, timestamp: Math.floor(Date.now() / 1_000), body }, new Secret(secret)) }, body };
}

function payloadOf(event: ForgeEvent): readonly [string, object] {
  const about = { project: projectOf(event.repo), user: userOf(event.by) };
  switch (event.type) {
    case 'push': {
      const { ref, before, after, by } = event;
      return [
        'Push Hook',
        {
          object_kind: 'push',
          event_name: 'push',
          ref,
          before,
          after,
          checkout_sha: after,
          user_id: by.id,
          user_name: by.name,
          user_username: by.login,
          project: about.project,
          commits: [],
          total_commits_count: 0,
        },
      ];
    }
    case 'pull': {
      const action = { opened: 'open', updated: 'update', closed: 'close', merged: 'merge' }[event.action];
      return [
        'Merge Request Hook',
        {
          object_kind: 'merge_request',
          event_type: 'merge_request',
          ...about,
          object_attributes: { ...mergeRequest(event), action, ...(event.before === undefined ? {} : { oldrev: event.before }) },
          changes: {},
        },
      ];
    }
    case 'remark': {
      const { remark } = event;
      const note = {
        id: remark.id,
        note: remark.text,
        noteable_type: 'MergeRequest',
        author_id: remark.author.id,
        system: false,
        type: null,
        action: 'create',
        created_at: '2026-11-23 10:00:00 UTC',
      };
      return [
        'Note Hook',
        { object_kind: 'note', event_type: 'note', ...about, project_id: event.repo.id, object_attributes: note, merge_request: mergeRequest(event) },
      ];
    }
    case 'opinion':
      return [
        'Merge Request Hook',
        {
          object_kind: 'merge_request',
          ...about,
          object_attributes: { ...mergeRequest(event), action: event.opinion.state === 'approved' ? 'approval' : 'unapproval' },
        },
      ];
  }
}

function mergeRequest({ pull }: { readonly pull: Pull }): object {
  return {
    id: pull.number,
    iid: pull.number,
    source_branch: pull.head,
    target_branch: pull.base,
    state: pull.state,
    last_commit: { id: pull.sha, message: 'x' },
    title: pull.title,
  };
}
