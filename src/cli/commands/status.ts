import { EXIT } from '../../core/index.ts';
import { runJson, runMarkdown, runText } from '../../report/index.ts';
import { printResult, sessionOf } from '../context.ts';
import { textOptions } from '../drive.ts';
import type { Command } from '../types.ts';

export const status: Command = {
  name: 'status',
  positionals: [{ name: 'run', about: 'id of a run' }],
  options: { markdown: { about: 'as Markdown', type: 'flag' } },
  run: async (args, context) => {
    const facts = await (await context.app()).facts(sessionOf(context), args.positional('run'));
    printResult(context, runJson(facts), () => (args.flag('markdown') ? runMarkdown(facts) : runText(facts, textOptions(context))));
    return EXIT.ok;
  },
};
