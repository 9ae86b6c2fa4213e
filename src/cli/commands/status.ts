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
    const facts = app.facts(session, run);
    if (!args.flag('markdown')) printResult(context, runJson(facts), () => runText(facts, textOptions(context)));
    else printResult(context, runJson(facts), () => runMarkdown(facts, analysesOf(app, session, run)));
    return EXIT.ok;
  },
};
