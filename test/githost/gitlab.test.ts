import type { Fake } from '../fakes/forge/server.ts';
import { serveGitlab } from '../fakes/gitlab.ts';
import { gitlabDelivery } from '../fakes/gitlab-payloads.ts';
import { contract } from './contract.ts';
import { weather } from './contract-weather.ts';
import { type Dialect, openForgeSite } from './forge-site.ts';

const gitlab = (secret: string): Dialect<Fake> => ({
  repo: 'platform/apps/estate',
  forkOf: (login) => `${login}/estate`,
  serve: serveGitlab,
  settings: (fake) => ({ name: 'git', kind: 'gitlab', url: fake.url, auth: { token: 'env:TOKEN' }, webhookSecrets: ['env:HOOK'] }),
  secrets: (_fake, bot) => ({ TOKEN: bot.token, HOOK: secret }),
  deliver: (_forge, event) => gitlabDelivery(event, secret),
  withdraw: 'withdrawn',
});

contract('GitLab with a signing token', () => openForgeSite(gitlab('whsec_c2xpcHdheS10ZXN0cy1zbGlwd2F5LXRlc3Rz')));
weather('GitLab', () => openForgeSite(gitlab('whsec_c2xpcHdheS10ZXN0cy1zbGlwd2F5LXRlc3Rz')));
