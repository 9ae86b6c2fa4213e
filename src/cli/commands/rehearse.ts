import { EXIT, type ExitCode } from '../../core/index.ts';
import { sessionOf } from '../context.ts';
import { driveRun } from '../drive.ts';
import { INPUT_OPTIONS, readInputs } from '../inputs.ts';
import { REHEARSAL_OPTIONS, rehearsalOptions } from '../rehearsal.ts';
import type { Command, Context } from '../types.ts';

export const rehearse: Command = {
  name: 'rehearse',
  about: 'Run the whole runbook with the real engine, Pulumi, policies and SSH, against stand-in clouds and machines.',
  positionals: [{ name: 'runbook', about: 'file, or name of a runbook in the repository' }],
  options: {
    ...INPUT_OPTIONS,
    ...REHEARSAL_OPTIONS,
    'and-back': { about: 'when it has succeeded, roll it back too, and say how long that takes', type: 'flag' },
  },
  examples: ['slipway rehearse erp-to-cloud', 'slipway rehearse erp-to-cloud --fail cutover/weight-50', 'slipway rehearse erp-to-cloud --slow candidate=40ms'],
  run: async (args, context) => {
    const inputs = await readInputs(args, context);
    const rehearsal = rehearsalOptions(args);
    let runId = '';
    const there = await driveRun(context, async (app, session) => {
      const handle = await app.rehearse(session, { runbook: args.positional('runbook'), inputs, rehearsal });
      runId = handle.runId;
      return handle;
    });
    return there === EXIT.ok && args.flag('and-back') ? comeBack(context, runId) : there;
  },
};

/** Undo the rehearsed run, also after its point of no return: nothing here is real enough to be lost. */
async function comeBack(context: Context, runId: string): Promise<ExitCode> {
  const app = await context.app();
  context.note('');
  context.note('and back again: undoing everything that run did');
  const back = await app.rollBack(sessionOf(context), runId, { reason: 'rehearsal of the way back', force: true });
  const code = 'done' in back ? await driveRun(context, async () => back) : EXIT.error;
  return code === EXIT.rolledBack ? EXIT.ok : code;
}
