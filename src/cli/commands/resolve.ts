import { EXIT, type ExitCode } from '../../core/index.ts';
import { printResult, sessionOf } from '../context.ts';
import type { Command, Context, Positional } from '../types.ts';

const WAYS = ['retry', 'done', 'failed'] as const;
const POSITIONALS: readonly Positional[] = [
  { name: 'run', about: 'id of a run' },
  { name: 'path', about: 'the step, for example provision/install' },
];

export const resolve: Command = {
  name: 'resolve',
  about: 'Settle a step that needs a person: try it again, take it as done, or take it as failed.',
  positionals: POSITIONALS,
  options: { as: { about: 'how it is settled', type: 'text', values: WAYS, needed: true } },
  run: async (args, context) => settle(context, args.positional('run'), args.positional('path'), WAYS.find((way) => way === args.text('as')) ?? 'failed'),
};

export const retry: Command = {
  name: 'retry',
  positionals: POSITIONALS,
  options: {},
  run: async (args, context) => settle(context, args.positional('run'), args.positional('path'), 'retry'),
};

async function settle(context: Context, runId: string, path: string, as: (typeof WAYS)[number]): Promise<ExitCode> {
  await (await context.app()).resolveTask(sessionOf(context), runId, path, as);
  printResult(context, { runId, path, as }, () => `settled ${path} as ${as}; if no process drives the run, "slipway resume ${runId}" does`);
  return EXIT.ok;
}
