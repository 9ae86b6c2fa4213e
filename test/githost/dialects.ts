import { serveBitbucket } from '../fakes/bitbucket.ts';
import { bitbucketDelivery } from '../fakes/bitbucket-payloads.ts';
import type { Fake } from '../fakes/forge/server.ts';
import { type GithubFake, serveGithub } from '../fakes/github.ts';
import { githubDelivery } from '../fakes/github-payloads.ts';
import { serveGitlab } from '../fakes/gitlab.ts';
import { gitlabDelivery } from '../fakes/gitlab-payloads.ts';
import type { Dialect } from './forge-site.ts';

const HOOK_SECRET = 'a webhook secret of tests';
const SIGNING_TOKEN = 'whsec_c2xpcHdheS10ZXN0cy1zbGlwd2F5LXRlc3Rz';
const common = { name: 'git', webhookSecrets: ['env:HOOK'], auth: { token: 'env:TOKEN' } };

/** Hosts as they are served on this machine, repositories included. */
export const GITHUB: Dialect<GithubFake> = {
  repo: 'ada/estate',
  forkOf: (login) => `${login}/estate`,
  serve: serveGithub,
  settings: (fake) => ({ ...common, kind: 'github', url: fake.url, apiUrl: fake.url }),
  secrets: (_fake, bot) => ({ TOKEN: bot.token, HOOK: HOOK_SECRET }),
  deliver: (forge, event) => githubDelivery(forge, event, HOOK_SECRET),
  withdraw: 'changesRequested',
};

export const GITLAB: Dialect<Fake> = {
  repo: 'platform/apps/estate',
  forkOf: (login) => `${login}/estate`,
  pullRef: (number) => `refs/merge-requests/${number}/head`,
  serve: serveGitlab,
  settings: (fake) => ({ ...common, kind: 'gitlab', url: fake.url }),
  secrets: (_fake, bot) => ({ TOKEN: bot.token, HOOK: SIGNING_TOKEN }),
  deliver: (_forge, event) => gitlabDelivery(event, SIGNING_TOKEN),
  withdraw: 'withdrawn',
};

export const BITBUCKET: Dialect<Fake> = {
  repo: 'OPS/estate',
  forkOf: (login) => `~${login}/estate`,
  pullRef: (number) => `refs/pull-requests/${number}/from`,
  serve: serveBitbucket,
  settings: (fake) => ({ ...common, kind: 'bitbucket', url: fake.url }),
  secrets: (_fake, bot) => ({ TOKEN: bot.token, HOOK: HOOK_SECRET }),
  deliver: (_forge, event) => bitbucketDelivery(event, HOOK_SECRET),
  withdraw: 'withdrawn',
};
