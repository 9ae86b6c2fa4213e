import { EXIT } from '../../core/index.ts';
import { printResult, sessionOf } from '../context.ts';
import { driveRun } from '../drive.ts';
import type { Command, Option } from '../types.ts';

export const HOSTS: Option = {
  about: 'only these hosts: failed, unreachable, never-reached, in-doubt (joined by commas), or a pattern of the inventory',
  type: 'text',
};

export const retry: Command = {
  name: 'retry',
  about:
    'Try again what did not end well. A run that waits for a person is told to; a run that has failed or was cancelled is gone on with by a new run of the same plan: what ended well there is not done again, and no host is touched that has its result.',
  positionals: [
    { name: 'run', about: 'id of a run' },
    { name: 'path', about: 'only this step, for example provision/install', optional: true },
  ],
  options: { hosts: HOSTS },
  examples: ['slipway retry run-20261123-7k2m9qz4ab --hosts failed,unreachable', 'slipway retry run-20261123-7k2m9qz4ab provision/install --hosts "web:&eu"'],
  run: async (args, context) => {
    const app = await context.app();
    const path = args.positional('path');
    const asked = await app.retry(sessionOf(context), args.positional('run'), { path: path === '' ? undefined : path, hosts: args.text('hosts') });
    if ('done' in asked) return driveRun(context, async () => asked);
    printResult(context, asked, () => {
      const steps = asked.settled.map(({ path: step, hosts }) => (hosts === undefined ? step : `${step} on ${hosts.length} hosts`));
      return `will try ${steps.join(', ')} again; if no process drives the run, "slipway resume ${asked.runId}" does`;
    });
    return EXIT.ok;
  },
};
