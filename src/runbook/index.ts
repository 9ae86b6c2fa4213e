export * from './schema/common.ts';
export * from './schema/estate.ts';
export * from './schema/runbook.ts';
export { type Step } from './schema/step.ts';
export type * from './loaded.ts';
export { parseFile, parseRunbook } from './parse.ts';
export { problemText } from './problem-text.ts';
