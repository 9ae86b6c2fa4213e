import { EXIT } from '../../core/index.ts';
import { sessionOf } from '../context.ts';
import type { Command } from '../types.ts';

const MOST = 200;

export const worker: Command = {
  name: 'worker',
  about:
    'Takes over runs whose process died, drives those that were only recorded, starts what schedules of the default branch say, looks for drift, and tells people and endpoints. Many workers may share one journal. SIGTERM or Ctrl-C hands the runs over: what is under way may end, nothing new starts.',
  positionals: [],
  options: {
    most: { about: `most runs to drive at once; ${MOST} unless told`, type: 'number' },
    'no-schedules': { about: 'start nothing by itself: no schedules, no looks for drift', type: 'flag' },
  },
  run: async (args, context) => {
    const app = await context.app();
    using _stop = { [Symbol.dispose]: context.stop.instead(context.stop.handOver) };
    const schedules = !args.flag('no-schedules');
    context.note(`driving runs that nobody drives${schedules ? ', and what schedules say' : ''}`);
    const onLeft = (runId: string, state: string): void => context.note(`${runId}: ${state}`);
    await app.work(sessionOf(context), { most: args.number('most') ?? MOST, onLeft, schedules });
    return EXIT.ok;
  },
};
