export type * from './policy-document.ts';
export type * from './types.ts';
