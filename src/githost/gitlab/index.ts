import { Secret } from '../../core/index.ts';
import type { Adapter } from '../adapter.ts';
import { apiPath } from '../http/index.ts';
import type { Opened } from '../open.ts';
import type { GitlabSettings } from '../settings.ts';
import { approvalsOf } from './approvals.ts';
import { resourcesOf } from './client.ts';
import { commentsOf } from './comments.ts';
import { filesOf } from './files.ts';
import { peopleOf } from './people.ts';
import { landingOf } from './landing.ts';
import { lookOf, pullsOf } from './pulls.ts';
import { receiveGitlab } from './receive.ts';
import { statusesOf } from './statuses.ts';

/** GitLab, its own or somebody's, by gitbeaker. */
export function createGitlab(settings: GitlabSettings, { sender, clock, webhookSecrets, credential }: Opened): Adapter {
  const resources = resourcesOf({ url: settings.url, token: credential }, sender);
  const look = lookOf(resources);
  return {
    name: settings.name,
    kind: 'gitlab',
    can: { pulls: true, approvals: 'byTime', threads: true, groups: true },
    limits: { commentChars: 65_536, statusContextChars: 255, statusDescriptionChars: 255 },
    receive: (request) => receiveGitlab(settings.name, request, { secrets: webhookSecrets, now: clock.now() }),
    ...peopleOf(resources),
    pull: look,
    ...pullsOf(resources),
    ...landingOf(resources, look),
    ...approvalsOf(resources),
    ...statusesOf(resources),
    ...filesOf(resources),
    comments: commentsOf(resources, settings.url),
    clone: async (repo) => ({
      url: `${settings.url}/${repo
        .split('/')
        .map((part) => apiPath`${part}`)
        .join('/')}.git`,
      authorization: new Secret(`Basic ${Buffer.from(`oauth2:${credential.reveal()}`).toString('base64')}`),
      ...(settings.caFile === undefined ? {} : { caFile: settings.caFile }),
      pullRef: (number) => `refs/merge-requests/${number}/head`,
    }),
  };
}
