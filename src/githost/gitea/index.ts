import { Secret } from '../../core/index.ts';
import type { Adapter } from '../adapter.ts';
import { createApi } from '../http/index.ts';
import type { Opened } from '../open.ts';
import type { GiteaSettings } from '../settings.ts';
import { commentsOf } from './comments.ts';
import { filesOf } from './files.ts';
import { repoPath } from './paths.ts';
import { peopleOf } from './people.ts';
import { landingOf } from './landing.ts';
import { lookOf, pullsOf } from './pulls.ts';
import { receiveGitea } from './receive.ts';
import { statusesOf } from './statuses.ts';

/** Gitea and Forgejo, by their REST API v1. */
export function createGitea(settings: GiteaSettings, { sender, clock, webhookSecrets, credential }: Opened): Adapter {
  const authorization = new Secret(`token ${credential.reveal()}`);
  const api = createApi({ base: `${settings.url}/api/v1`, authorize: () => ({ authorization }), sender });
  const look = lookOf(api, clock);
  return {
    name: settings.name,
    kind: 'gitea',
    can: { pulls: true, approvals: 'exact', threads: false, groups: true },
    limits: { commentChars: 65_535, statusContextChars: 255, statusDescriptionChars: 255 },
    receive: (request) => receiveGitea(settings.name, request, webhookSecrets),
    ...peopleOf(api),
    pull: look,
    ...pullsOf(api),
    ...landingOf(api, look),
    ...statusesOf(api),
    ...filesOf(api),
    comments: commentsOf(api),
    clone: async (repo) => ({
      url: `${settings.url}${repoPath(repo).replace('/repos', '')}.git`,
      authorization: new Secret(`Basic ${Buffer.from(`slipway:${credential.reveal()}`).toString('base64')}`),
      ...(settings.caFile === undefined ? {} : { caFile: settings.caFile }),
      pullRef: (number) => `refs/pull/${number}/head`,
    }),
  };
}
