export { sshFacts } from './facts.ts';
export { factsOf } from './gather.ts';
export { Facts } from './schema.ts';
