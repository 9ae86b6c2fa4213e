import { driveRun } from '../drive.ts';
import { INPUT_OPTIONS, readInputs } from '../inputs.ts';
import { REHEARSAL_OPTIONS, rehearsalOptions } from '../rehearsal.ts';
import type { Command } from '../types.ts';

export const rehearse: Command = {
  name: 'rehearse',
  about: 'Run the whole runbook with the real engine, Pulumi, policies and SSH, against stand-in clouds and machines.',
  positionals: [{ name: 'runbook', about: 'file, or name of a runbook in the repository' }],
  options: { ...INPUT_OPTIONS, ...REHEARSAL_OPTIONS },
  examples: ['slipway rehearse erp-to-cloud', 'slipway rehearse erp-to-cloud --fail cutover/weight-50', 'slipway rehearse erp-to-cloud --slow candidate=40ms'],
  run: async (args, context) => {
    const inputs = await readInputs(args, context);
    const rehearsal = rehearsalOptions(args);
    return driveRun(context, (app, session) => app.rehearse(session, { runbook: args.positional('runbook'), inputs, rehearsal }));
  },
};
