export { buildInventory } from './build.ts';
export { matchPattern } from './pattern.ts';
export { hostSelector, loginOf, selectHosts } from './select.ts';
export type * from './types.ts';
