import { EXIT } from '../../core/index.ts';
import { printResult, sessionOf } from '../context.ts';
import type { Command } from '../types.ts';

const RUN = [{ name: 'run', about: 'id of a run' }];

export const journalVerify: Command = {
  name: 'journal verify',
  positionals: RUN,
  options: {},
  run: async (args, context) => {
    const result = await (await context.app()).verifyJournal(sessionOf(context), args.positional('run'));
    printResult(context, result, () => result.text);
    return result.ok ? EXIT.ok : EXIT.error;
  },
};

export const journalExport: Command = {
  name: 'journal export',
  about: 'Print every event with its hash, one JSON object a line. Each hash is the SHA-256 of the canonical JSON of its event and the hash before.',
  positionals: RUN,
  options: {},
  run: async (args, context) => {
    const { events } = await (await context.app()).facts(sessionOf(context), args.positional('run'));
    for (const event of events) context.print(`${JSON.stringify(event)}\n`);
    return EXIT.ok;
  },
};
