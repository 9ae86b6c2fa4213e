import { EXIT } from '../../core/index.ts';
import { sessionOf } from '../context.ts';
import { printEnd, showUntil } from '../drive.ts';
import type { Command } from '../types.ts';

export const watch: Command = {
  name: 'watch',
  positionals: [{ name: 'run', about: 'id of a run' }],
  options: {},
  run: async (args, context) => {
    const runId = args.positional('run');
    const app = await context.app();
    const { row, events } = await app.facts(sessionOf(context), runId);
    const isOver = events.at(-1)?.body.type === 'runFinished';
    if (!isOver && (row.lease === undefined || row.lease.expiresAt < context.deps.clock.now())) {
      context.note(`no process drives this run just now; "slipway resume ${runId}" does`);
    }
    await showUntil(context, runId);
    if (!context.stop.happened) return printEnd(context, runId);
    context.note('stopped watching; the run goes on');
    return EXIT.ok;
  },
};
