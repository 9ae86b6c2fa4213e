import { contract } from './contract.ts';
import { weather } from './contract-weather.ts';
import { GITLAB } from './dialects.ts';
import { openForgeSite } from './forge-site.ts';

contract('GitLab with a signing token', () => openForgeSite(GITLAB));
weather('GitLab', () => openForgeSite(GITLAB));
