import { clean, EXIT, formatDuration } from '../../core/index.ts';
import { printResult, sessionOf } from '../context.ts';
import { table } from '../table.ts';
import type { Command } from '../types.ts';

const MOST = 50;
const STATES = ['ready', 'claimed', 'done', 'dead'] as const;

export const deliveries: Command = {
  name: 'deliveries',
  about:
    'Show messages to channels and events to endpoints: first those that wait, then those that were taken (done) or given up (dead). They are kept for 30 days.',
  positionals: [],
  options: {
    state: { about: 'only messages in this state', type: 'text', many: true, values: STATES },
    limit: { about: `most messages to show; ${MOST} unless told`, type: 'number' },
  },
  run: async (args, context) => {
    const wanted = args.all('state');
    const states = STATES.filter((state) => wanted.includes(state));
    const query = { limit: args.number('limit') ?? MOST, ...(states.length === 0 ? {} : { states }) };
    const seen = await (await context.app()).deliveries(sessionOf(context), query);
    const now = context.deps.clock.now();
    printResult(context, seen, () => {
      if (seen.length === 0) return 'no messages';
      return table(
        seen.map(({ state, to, about, attempts, enqueuedAt, reason, id }) => [
          ...[state, clean(to), clean(about), `${attempts} tried`, `${formatDuration(Math.max(0, now - enqueuedAt))} ago`, id, reason ?? ''],
        ]),
      );
    });
    return EXIT.ok;
  },
};

export const deliveriesRetry: Command = {
  name: 'deliveries retry',
  about: 'Try messages again that were given up: one, or all of them. It is in the audit.',
  positionals: [{ name: 'id', about: 'id of a message, as "slipway deliveries" shows it; all that were given up when absent', optional: true }],
  options: {},
  run: async (args, context) => {
    const id = args.positional('id');
    const ids = await (await context.app()).retryDeliveries(sessionOf(context), id === '' ? undefined : id);
    printResult(context, ids, () =>
      ids.length === 0 ? 'nothing was given up' : `${ids.length} are tried again; a worker, a server or the next run hands them over`,
    );
    return EXIT.ok;
  },
};
