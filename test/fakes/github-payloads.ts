import { createHmac, randomUUID } from 'node:crypto';
import type { HostRequest } from '../../src/githost/index.ts';
import type { Forge, ForgeEvent } from './forge/forge.ts';
import { pullOf, remarkOfApi, repositoryOf, userOf } from './github-answers.ts';

/** What GitHub posts, in the shape of its webhook documentation, signed. */
export function githubDelivery(forge: Forge, event: ForgeEvent, secret: string): HostRequest {
  const about = { repository: repositoryOf(event.repo), sender: userOf(event.by), installation: { id: 9_001 } };
  const [name, payload] = payloadOf(forge, event);
  return signed(name, { ...payload, ...about }, secret);
}

export function signed(name: string, payload: object, secret: string): HostRequest {
  const body = Buffer.from(JSON.stringify(payload));
  const mac = (algorithm: string) => createHmac(algorithm, secret).update(body).digest('hex');
  return {
    headers: {
      'Content-Type': 'application/json',
      'User-Agent': 'GitHub-Hookshot/044aadd',
      'X-GitHub-Event': name,
      'X-GitHub-Delivery': randomUUID(),
      'X-GitHub-Hook-ID': '292430182',
      'X-Hub-Signature': `sha1=${mac('sha1')}`,
      'X-Hub-Signature-256': `sha256=${mac('sha256')}`,
    },
    body,
  };
}

function payloadOf(forge: Forge, event: ForgeEvent): readonly [string, object] {
  switch (event.type) {
    case 'push': {
      const { ref, before, after } = event;
      return [
        'push',
        { ref, before, after, created: /^0+$/.test(before), deleted: /^0+$/.test(after), forced: false, commits: [], pusher: { name: event.by.login } },
      ];
    }
    case 'pull': {
      const action = { opened: 'opened', updated: 'synchronize', closed: 'closed', merged: 'closed' }[event.action];
      return [
        'pull_request',
        {
          action,
          number: event.pull.number,
          pull_request: pullOf(forge, event.repo, event.pull),
          ...(event.before === undefined ? {} : { before: event.before, after: event.pull.sha }),
        },
      ];
    }
    case 'remark': {
      const issue = {
        number: event.pull.number,
        title: event.pull.title,
        user: userOf(event.pull.author),
        pull_request: { url: 'https://api.github.example/pull' },
      };
      return ['issue_comment', { action: 'created', issue, comment: remarkOfApi(event.pull, event.remark) }];
    }
    case 'opinion': {
      const state = event.opinion.state === 'approved' ? 'approved' : 'changes_requested';
      const review = { id: event.opinion.id, user: userOf(event.by), state, commit_id: event.opinion.sha };
      return ['pull_request_review', { action: 'submitted', review, pull_request: pullOf(forge, event.repo, event.pull) }];
    }
  }
}
