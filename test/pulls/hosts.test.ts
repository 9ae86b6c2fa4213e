import { HOSTS, tellOn } from './hosts-story.ts';

// Another host every day; other tests tell most of it on GitHub, and `npm run test:pulls-hosts` all of it on all of them.
const others = HOSTS.filter(([name]) => name !== 'GitHub');
const today = others[Math.floor(Date.now() / 86_400_000) % others.length];
if (!today) throw new Error('there is no host');
tellOn(today);
