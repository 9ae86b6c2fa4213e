import { serveBitbucket } from '../fakes/bitbucket.ts';
import { bitbucketDelivery } from '../fakes/bitbucket-payloads.ts';
import type { Fake } from '../fakes/forge/server.ts';
import { contract } from './contract.ts';
import { weather } from './contract-weather.ts';
import { type Dialect, openForgeSite } from './forge-site.ts';

const HOOK_SECRET = 'a webhook secret of tests';
const BITBUCKET: Dialect<Fake> = {
  repo: 'OPS/estate',
  forkOf: (login) => `~${login}/estate`,
  serve: serveBitbucket,
  settings: (fake) => ({ name: 'git', kind: 'bitbucket', url: fake.url, auth: { token: 'env:TOKEN' }, webhookSecrets: ['env:HOOK'] }),
  secrets: (_fake, bot) => ({ TOKEN: bot.token, HOOK: HOOK_SECRET }),
  deliver: (_forge, event) => bitbucketDelivery(event, HOOK_SECRET),
  withdraw: 'withdrawn',
};

contract('Bitbucket Data Center', () => openForgeSite(BITBUCKET));
weather('Bitbucket Data Center', () => openForgeSite(BITBUCKET));
