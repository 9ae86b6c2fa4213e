export { sshCopy } from './copy.ts';
export { sshFacts } from './facts/index.ts';
export { sshRun } from './run.ts';
export { sshScript } from './script.ts';
export { sshTemplate } from './template/index.ts';
export { sshLine } from './line/index.ts';
export { sshPackage } from './package/index.ts';
