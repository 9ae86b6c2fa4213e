import { EXIT } from '../../core/index.ts';
import { sessionOf } from '../context.ts';
import type { Command } from '../types.ts';

const MOST = 200;

export const worker: Command = {
  name: 'worker',
  about:
    'Takes over runs whose process died, and drives those that were only recorded. Many workers may share one journal. SIGTERM or Ctrl-C hands the runs over: what is under way may end, nothing new starts.',
  positionals: [],
  options: { most: { about: `most runs to drive at once; ${MOST} unless told`, type: 'number' } },
  run: async (args, context) => {
    const app = await context.app();
    using _stop = { [Symbol.dispose]: context.stop.instead(context.stop.handOver) };
    context.note('driving runs that nobody drives');
    const onLeft = (runId: string, state: string): void => context.note(`${runId}: ${state}`);
    await app.supervise(sessionOf(context), { most: args.number('most') ?? MOST, onLeft });
    return EXIT.ok;
  },
};
