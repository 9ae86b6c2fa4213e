import { EXIT } from '../../core/index.ts';
import { printResult, sessionOf } from '../context.ts';
import type { Command } from '../types.ts';

const MOST = 50;

export const audit: Command = {
  name: 'audit',
  about: 'Show what was done to the journal as a whole, and by whom. What was done to a run is in its own journal.',
  positionals: [],
  options: {
    action: { about: 'only this action, for example journal.prune', type: 'text' },
    limit: { about: `most records to show, the newest; ${MOST} unless told`, type: 'number' },
  },
  run: async (args, context) => {
    const action = args.text('action');
    const records = await (await context.app()).audit(sessionOf(context), { limit: args.number('limit') ?? MOST, ...(action === undefined ? {} : { action }) });
    printResult(context, records, () => {
      if (records.length === 0) return 'nothing is recorded';
      return records.map(({ seq, at, actor, action: what, object }) => `${seq}  ${new Date(at).toISOString()}  ${actor}  ${what}  ${object}`).join('\n');
    });
    return EXIT.ok;
  },
};

export const auditVerify: Command = {
  name: 'audit verify',
  positionals: [],
  options: {},
  run: async (_args, context) => {
    const result = await (await context.app()).verifyAudit(sessionOf(context));
    printResult(context, result, () => result.text);
    return result.ok ? EXIT.ok : EXIT.error;
  },
};
