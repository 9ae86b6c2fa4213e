export { runCli } from './run-cli.ts';
export type { Check, CliDeps, CliIo, ServeRequest, Settings } from './types.ts';
