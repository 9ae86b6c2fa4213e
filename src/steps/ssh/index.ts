export { sshCopy } from './copy.ts';
export { sshFacts } from './facts.ts';
export { sshRun } from './run.ts';
export { sshScript } from './script.ts';
