export { createApp } from './create-app.ts';
export type * from './types.ts';
export type * from './wiring.ts';
export type * from './keep-types.ts';
