import { HOSTS, tellOn } from './hosts-story.ts';

HOSTS.forEach(tellOn);
