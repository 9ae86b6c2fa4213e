export { runCli } from './run-cli.ts';
export type { Check, CliDeps, CliIo, Settings } from './types.ts';
