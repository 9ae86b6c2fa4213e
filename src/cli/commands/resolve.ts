import { EXIT } from '../../core/index.ts';
import { printResult, sessionOf } from '../context.ts';
import type { Command, Positional } from '../types.ts';
import { HOSTS } from './retry.ts';

const WAYS = ['retry', 'done', 'failed'] as const;
const POSITIONALS: readonly Positional[] = [
  { name: 'run', about: 'id of a run' },
  { name: 'path', about: 'the step, for example provision/install' },
];

export const resolve: Command = {
  name: 'resolve',
  about:
    'Settle a step that needs a person: try it again, take it as done, or take it as failed. With --hosts only some hosts of it are settled; then the step goes on.',
  positionals: POSITIONALS,
  options: { as: { about: 'how it is settled', type: 'text', values: WAYS, needed: true }, hosts: HOSTS },
  examples: ['slipway resolve run-20261123-7k2m9qz4ab provision/install --as done --hosts erp-new-2'],
  run: async (args, context) => {
    const [runId, path] = [args.positional('run'), args.positional('path')];
    const as = WAYS.find((way) => way === args.text('as')) ?? 'failed';
    const hosts = args.text('hosts');
    const app = await context.app();
    const session = sessionOf(context);
    if (hosts === undefined) await app.resolveTask(session, runId, path, as);
    const settled = hosts === undefined ? { path } : await app.settleHosts(session, { runId, path, as, hosts });
    const words = settled.hosts === undefined ? '' : ` on ${settled.hosts.length} hosts`;
    printResult(context, { runId, as, ...settled }, () => `settled ${path}${words} as ${as}; if no process drives the run, "slipway resume ${runId}" does`);
    return EXIT.ok;
  },
};
