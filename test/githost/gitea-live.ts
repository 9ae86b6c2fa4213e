import { contract } from './contract.ts';
import { openGiteaSite } from './gitea-site.ts';

contract('a real Gitea', openGiteaSite);
