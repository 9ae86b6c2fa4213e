import { EXIT } from '../../core/index.ts';
import type { Command } from '../types.ts';

export const schema: Command = {
  name: 'schema',
  positionals: [
    {
      name: 'kind',
      about:
        'Runbook, Inventory, Environment, Calendar, Wave, Objective, Portfolio or Access; openapi for the API of the server; all kinds of files when none is given',
      optional: true,
    },
  ],
  options: {},
  examples: ['slipway schema > runbook.schema.json'],
  run: async (args, context) => {
    const kind = args.positional('kind');
    const made = kind === 'openapi' ? await context.deps.openApi() : (await context.app()).schema(kind === '' ? undefined : kind);
    context.print(`${JSON.stringify(made, undefined, 2)}\n`);
    return EXIT.ok;
  },
};
