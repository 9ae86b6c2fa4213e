import { contract } from './contract.ts';
import { weather } from './contract-weather.ts';
import { BITBUCKET } from './dialects.ts';
import { openForgeSite } from './forge-site.ts';

contract('Bitbucket Data Center', () => openForgeSite(BITBUCKET));
weather('Bitbucket Data Center', () => openForgeSite(BITBUCKET));
