import type { Adapter } from '../adapter.ts';
import type { Opened } from '../open.ts';
import type { GithubSettings } from '../settings.ts';
import { basic, ownerAndName } from './client.ts';
import { commentsOf } from './comments.ts';
import { appClients, tokenClients } from './credentials.ts';
import { filesOf } from './files.ts';
import { peopleOf } from './people.ts';
import { landingOf } from './landing.ts';
import { lookOf, pullsOf } from './pulls.ts';
import { receiveGithub } from './receive.ts';
import { statusesOf } from './statuses.ts';

/** GitHub and GitHub Enterprise Server, as an App or with a token, by Octokit. */
export function createGithub(settings: GithubSettings, { sender, clock, webhookSecrets, credential }: Opened): Adapter {
  const options = { base: settings.apiUrl ?? apiOf(settings.url), sender, clock };
  const clients = 'app' in settings.auth ? appClients(options, { id: settings.auth.app.id, key: credential }) : tokenClients(options, credential);
  const look = lookOf(clients);
  return {
    name: settings.name,
    kind: 'github',
    can: { pulls: true, approvals: 'exact', threads: false, groups: true },
    limits: { commentChars: 65_536, statusContextChars: 255, statusDescriptionChars: 140 },
    receive: (request) => receiveGithub(settings.name, request, webhookSecrets),
    ...peopleOf(clients),
    pull: look,
    ...pullsOf(clients),
    ...landingOf(clients, look),
    ...statusesOf(clients),
    ...filesOf(clients),
    comments: commentsOf(clients),
    clone: async (repo, { write = false } = {}, call) => {
      const { owner, repo: name } = ownerAndName(repo);
      const token = await clients.gitToken(repo, write ? 'write' : 'read', call);
      return {
        url: `${settings.url}/${owner}/${name}.git`,
        authorization: basic(token.reveal()),
        ...(settings.caFile === undefined ? {} : { caFile: settings.caFile }),
        pullRef: (number) => `refs/pull/${number}/head`,
      };
    },
  };
}

function apiOf(url: string): string {
  return url === 'https://github.com' ? 'https://api.github.com' : `${url}/api/v3`;
}
