import { EXIT } from '../../core/index.ts';
import type { Command } from '../types.ts';

export const schema: Command = {
  name: 'schema',
  positionals: [
    { name: 'kind', about: 'Runbook, Inventory, Environment, Calendar, Wave, Objective, Portfolio or Access; all when none is given', optional: true },
  ],
  options: {},
  examples: ['slipway schema > runbook.schema.json'],
  run: async (args, context) => {
    const app = await context.app();
    const kind = args.positional('kind');
    context.print(`${JSON.stringify(kind === '' ? app.schema() : app.schema(kind), undefined, 2)}\n`);
    return EXIT.ok;
  },
};
