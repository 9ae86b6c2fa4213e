import { EXIT } from '../../core/index.ts';
import { printResult, sessionOf } from '../context.ts';
import type { Command } from '../types.ts';

const steer = (verb: 'cancel' | 'pause', said: string): Command => ({
  name: verb,
  positionals: [{ name: 'run', about: 'id of a run' }],
  options: { reason: { about: 'why, for the journal', type: 'text' } },
  run: async (args, context) => {
    const app = await context.app();
    const runId = args.positional('run');
    const driven = await app[verb](sessionOf(context), runId, args.text('reason'));
    if (driven) await driven.done;
    printResult(context, { runId, requested: verb }, () => `${said}; follow it with "slipway watch ${runId}"`);
    return EXIT.ok;
  },
});

export const cancel = steer('cancel', 'asked the run to cancel');
export const pause = steer('pause', 'asked the run to pause');
