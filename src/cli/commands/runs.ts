import { EXIT, formatDuration } from '../../core/index.ts';
import { printResult, sessionOf } from '../context.ts';
import { table } from '../table.ts';
import type { Command } from '../types.ts';

const MOST = 20;

export const runs: Command = {
  name: 'runs',
  positionals: [],
  options: {
    runbook: { about: 'only runs of this runbook', type: 'text' },
    state: { about: 'only runs in this state', type: 'text', many: true },
    limit: { about: `most runs to show, newest first; ${MOST} unless told`, type: 'number' },
  },
  run: async (args, context) => {
    const app = await context.app();
    const runbook = args.text('runbook');
    const states = args.all('state');
    const rows = await app.runs(sessionOf(context), {
      limit: args.number('limit') ?? MOST,
      ...(runbook === undefined ? {} : { runbook }),
      ...(states.length === 0 ? {} : { states }),
    });
    const now = context.deps.clock.now();
    printResult(context, rows, () => {
      if (rows.length === 0) return 'no runs yet; "slipway rehearse <runbook>" makes one';
      return table(rows.map((row) => [row.id, row.runbook, row.state, row.rehearsal ? 'rehearsal' : '', `${formatDuration(now - row.createdAt)} ago`]));
    });
    return EXIT.ok;
  },
};
