import { resolve } from 'node:path';
import { EXIT, type ExitCode } from '../../core/index.ts';
import type { Args } from '../args.ts';
import { printResult, sessionOf } from '../context.ts';
import { INPUT_OPTIONS, readInputs } from '../inputs.ts';
import { type Bundle, exitOfVerdict, hasChanges, planOrStop, planWords, savePlan } from '../plan-words.ts';
import { REHEARSAL_OPTIONS, rehearsalOptions } from '../rehearsal.ts';
import type { Command } from '../types.ts';

/** Exit code of `--detailed-exitcode` for a plan with changes; the same number as bad usage, as Terraform has it. */
const CHANGES: ExitCode = EXIT.usage;

export const plan: Command = {
  name: 'plan',
  about: 'Show what a runbook would do and what policies say. Nothing outside is changed.',
  positionals: [{ name: 'runbook', about: 'file, or name of a runbook in the repository' }],
  options: {
    out: { about: 'also write the plan to this file, for "slipway apply"', type: 'text' },
    'detailed-exitcode': { about: 'exit with 0 for no changes and 2 for changes', type: 'flag' },
    'expect-no-changes': { about: 'exit with 7 when there are changes', type: 'flag' },
    rehearse: { about: 'plan against stand-in clouds and machines', type: 'flag' },
    ...INPUT_OPTIONS,
    ...REHEARSAL_OPTIONS,
  },
  examples: ['slipway plan erp-to-cloud --out plan.json', 'slipway plan erp-to-cloud --input stage=staging --detailed-exitcode'],
  run: async (args, context) => {
    const inputs = await readInputs(args, context);
    const rehearsal = args.flag('rehearse') ? { rehearsal: rehearsalOptions(args) } : {};
    const app = await context.app();
    const out = args.text('out');
    const session = { ...sessionOf(context), planFiles: out === undefined ? [] : [resolve(out)] };
    const bundle = planOrStop(await app.plan(session, { runbook: args.positional('runbook'), inputs, ...rehearsal }), context);
    if (out !== undefined) await savePlan(bundle, out);
    const expected = await app.expected(sessionOf(context), bundle);
    const measuring = await app.measuring(sessionOf(context), bundle);
    printResult(context, bundle, () => planWords(bundle, context, 'stdout', { expected, measuring, ...(out === undefined ? {} : { planFile: out }) }));
    if (out !== undefined) context.note(`plan written to ${out}`);
    return exitOfVerdict(bundle, exitOf(args, bundle));
  },
};

function exitOf(args: Args, bundle: Bundle): ExitCode {
  if (!hasChanges(bundle)) return EXIT.ok;
  if (args.flag('expect-no-changes')) return EXIT.unexpectedChanges;
  return args.flag('detailed-exitcode') ? CHANGES : EXIT.ok;
}
