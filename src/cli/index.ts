export { diagnose } from './diagnose.ts';
export { runCli } from './run-cli.ts';
export type { Check, CliDeps, Settings } from './types.ts';
