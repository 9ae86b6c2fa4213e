import { Secret } from '../../core/index.ts';
import type { Adapter } from '../adapter.ts';
import { apiPath, createApi } from '../http/index.ts';
import type { Opened } from '../open.ts';
import type { BitbucketSettings } from '../settings.ts';
import { commentsOf } from './comments.ts';
import { filesOf } from './files.ts';
import { split } from './paths.ts';
import { peopleOf } from './people.ts';
import { landingOf } from './landing.ts';
import { lookOf, pullsOf } from './pulls.ts';
import { receiveBitbucket } from './receive.ts';
import { statusesOf } from './statuses.ts';

/** Bitbucket Data Center from 8.0 on, by its REST API. */
export function createBitbucket(settings: BitbucketSettings, { sender, webhookSecrets, credential }: Opened): Adapter {
  const { url } = settings;
  const authorization = new Secret(`Bearer ${credential.reveal()}`);
  // Without the second header Bitbucket takes a program for a browser that was tricked.
  const authorize = () => ({ authorization, 'x-atlassian-token': 'no-check' });
  const part = (name: string) => createApi({ base: `${url}/rest/${name}/latest`, authorize, sender });
  const api = part('api');
  const look = lookOf(api, url);
  return {
    name: settings.name,
    kind: 'bitbucket',
    can: { pulls: true, approvals: 'exact', threads: true, groups: true },
    limits: { commentChars: 32_768, statusContextChars: 255, statusDescriptionChars: 255 },
    receive: (request) => receiveBitbucket(settings.name, request, webhookSecrets),
    ...peopleOf(api),
    pull: look,
    ...pullsOf(api),
    ...landingOf(api, { look, url }),
    ...statusesOf(api, { builds: part('build-status'), url }),
    ...filesOf(api),
    comments: commentsOf(api, { reactions: part('comment-likes'), url }),
    clone: async (repo) => {
      const { project, slug } = split(repo);
      return {
        url: `${url}${apiPath`/scm/${project.toLowerCase()}/${slug}`}.git`,
        authorization,
        ...(settings.caFile === undefined ? {} : { caFile: settings.caFile }),
        pullRef: (number) => `refs/pull-requests/${number}/from`,
      };
    },
  };
}
