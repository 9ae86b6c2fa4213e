import { EXIT } from '../../core/index.ts';
import { printResult, sessionOf } from '../context.ts';
import type { Command } from '../types.ts';

const vote = (decision: 'approve' | 'reject', done: string): Command => ({
  name: decision,
  about: `${decision === 'approve' ? 'Vote for' : 'Vote against'} a step that waits for approval. The vote is bound to the plan the run was made from.`,
  positionals: [
    { name: 'run', about: 'id of a run' },
    { name: 'path', about: 'the step; the one that waits when there is only one', optional: true },
  ],
  options: { reason: { about: 'why, for the journal', type: 'text' } },
  run: async (args, context) => {
    const app = await context.app();
    const path = args.positional('path');
    const reason = args.text('reason');
    const runId = args.positional('run');
    const counted = await app.vote(sessionOf(context), { runId, decision, ...(path === '' ? {} : { path }), ...(reason === undefined ? {} : { reason }) });
    printResult(context, { runId, decision, ...counted }, () => `${done} ${counted.path} as ${context.settings.actor}`);
    return EXIT.ok;
  },
});

export const approve = vote('approve', 'approved');
export const reject = vote('reject', 'rejected');
