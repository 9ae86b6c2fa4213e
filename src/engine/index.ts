export type * from './actions.ts';
export * from './events.ts';
