import { EXIT } from '../../core/index.ts';
import { runJson, runMarkdown, runText } from '../../report/index.ts';
import { analysesOf } from '../analyses.ts';
import { printResult, sessionOf } from '../context.ts';
import { textOptions } from '../drive.ts';
import type { Command } from '../types.ts';

export const status: Command = {
  name: 'status',
  positionals: [{ name: 'run', about: 'id of a run' }],
  options: { markdown: { about: 'as Markdown', type: 'flag' } },
  run: async (args, context) => {
    const [app, session, run] = [await context.app(), sessionOf(context), args.positional('run')];
    const facts = await app.facts(session, run);
    const analyses = args.flag('markdown') ? await analysesOf(app, session, run) : [];
    printResult(context, runJson(facts), () => (args.flag('markdown') ? runMarkdown(facts, analyses) : runText(facts, textOptions(context))));
    return EXIT.ok;
  },
};
