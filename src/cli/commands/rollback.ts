import { EXIT } from '../../core/index.ts';
import { printResult, sessionOf } from '../context.ts';
import { driveRun } from '../drive.ts';
import type { Command } from '../types.ts';

export const rollback: Command = {
  name: 'rollback',
  about: 'Undo a run: traffic goes back first, then the recorded compensations in reverse order. A finished run is undone by a new run.',
  positionals: [{ name: 'run', about: 'id of a run' }],
  options: {
    reason: { about: 'why, for the journal', type: 'text' },
    force: { about: 'also after the point of no return', type: 'flag' },
  },
  run: async (args, context) => {
    const app = await context.app();
    const reason = args.text('reason') ?? 'asked on the command line';
    const started = await app.rollBack(sessionOf(context), args.positional('run'), { reason, force: args.flag('force') });
    if ('done' in started) return driveRun(context, async () => started);
    printResult(context, started, () => `asked the run to roll back; follow it with "slipway watch ${started.runId}"`);
    return EXIT.ok;
  },
};
