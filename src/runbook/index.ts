export * from './schema/common.ts';
export * from './schema/estate.ts';
export * from './schema/runbook.ts';
export { type Step } from './schema/step.ts';
export type * from './loaded.ts';
