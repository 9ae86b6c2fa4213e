import { EXIT, PATTERN } from '../../core/index.ts';
import { runJson, runText } from '../../report/index.ts';
import { analysesOf } from '../analyses.ts';
import { printResult, sessionOf } from '../context.ts';
import { textOptions } from '../drive.ts';
import { planWords } from '../plan-words.ts';
import type { Command } from '../types.ts';

export const show: Command = {
  name: 'show',
  positionals: [{ name: 'planfile|run', about: 'a file that "slipway plan --out" wrote, or the id of a run' }],
  options: {},
  run: async (args, context) => {
    const app = await context.app();
    const session = sessionOf(context);
    const what = args.positional('planfile|run');
    if (PATTERN.run.test(what)) {
      const facts = await app.facts(session, what);
      const analyses = await analysesOf(app, session, what);
      printResult(context, runJson(facts, analyses), () => runText(facts, { ...textOptions(context), analyses }));
    } else {
      const bundle = await app.readPlan(session, what);
      const [expected, measuring] = [await app.expected(session, bundle), await app.measuring(session, bundle)];
      printResult(context, bundle, () => planWords(bundle, context, 'stdout', { planFile: what, expected, measuring }));
    }
    return EXIT.ok;
  },
};
