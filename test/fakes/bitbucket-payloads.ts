import { createHmac, randomUUID } from 'node:crypto';
import type { HostRequest } from '../../src/githost/index.ts';
import { commentOf, pullOf, repositoryOf, userOf } from './bitbucket-answers.ts';
import type { ForgeEvent } from './forge/forge.ts';

/** What Bitbucket Data Center posts, in the shape of its webhook documentation, signed. */
export function bitbucketDelivery(event: ForgeEvent, secret: string): HostRequest {
  const [eventKey, payload] = payloadOf(event);
  return signedBitbucket(eventKey, { eventKey, date: '2026-11-23T10:00:00+0000', actor: userOf(event.by), ...payload }, secret);
}

export function signedBitbucket(eventKey: string, payload: object, secret: string): HostRequest {
  const body = Buffer.from(JSON.stringify(payload));
  const headers = {
    'Content-Type': 'application/json; charset=utf-8',
    'X-Event-Key': eventKey,
    'X-Request-Id': randomUUID(),
    'X-Hub-Signature': `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`,
  };
  return { headers, body };
}

function payloadOf(event: ForgeEvent): readonly [string, object] {
  switch (event.type) {
    case 'push': {
      const { ref, before, after } = event;
      const change = {
        ref: { id: ref, displayId: ref.replace('refs/heads/', ''), type: 'BRANCH' },
        refId: ref,
        fromHash: before,
        toHash: after,
        type: /^0+$/.test(before) ? 'ADD' : 'UPDATE',
      };
      return ['repo:refs_changed', { repository: repositoryOf(event.repo), changes: [change], commits: [], toCommit: null }];
    }
    case 'pull': {
      const name = { opened: 'pr:opened', updated: 'pr:from_ref_updated', closed: 'pr:declined', merged: 'pr:merged' }[event.action];
      return [name, { pullRequest: pullOf(event.repo, event.pull), ...(event.before === undefined ? {} : { previousFromHash: event.before }) }];
    }
    case 'remark':
      return ['pr:comment:added', { pullRequest: pullOf(event.repo, event.pull), comment: commentOf(event.pull, event.remark) }];
    case 'opinion': {
      const name = event.opinion.state === 'approved' ? 'pr:reviewer:approved' : 'pr:reviewer:unapproved';
      return [
        name,
        {
          pullRequest: pullOf(event.repo, event.pull),
          participant: { user: userOf(event.by), status: event.opinion.state.toUpperCase() },
          previousStatus: 'UNAPPROVED',
        },
      ];
    }
  }
}
