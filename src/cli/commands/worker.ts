import { EXIT, PATTERN, SlipwayError } from '../../core/index.ts';
import type { Args } from '../args.ts';
import { sessionOf } from '../context.ts';
import type { Command, Context } from '../types.ts';

const MOST = 200;

export const worker: Command = {
  name: 'worker',
  about:
    'Takes over runs whose process died, drives those that were only recorded, starts what schedules of the default branch say, looks for drift, and tells people and endpoints. Many workers may share one journal. Where SLIPWAY_ENGINE names an engine on a server, it also takes runs and steps from there; with --zone it takes only the steps of that zone, and is started inside of it. SIGTERM or Ctrl-C hands over: what is under way may end, nothing new starts.',
  positionals: [],
  options: {
    most: { about: `most runs to drive, and most steps to take from an engine on a server, at once; ${MOST} unless told`, type: 'number' },
    zone: { about: 'take steps of this zone from an engine on a server, and nothing else', type: 'text', many: true },
    'no-schedules': { about: 'start nothing by itself: no schedules, no looks for drift', type: 'flag' },
    central: { about: 'beside the zones, do what a worker without zones does', type: 'flag' },
  },
  examples: ['slipway worker', 'slipway worker --zone berlin-dc'],
  run: async (args, context) => {
    using _stop = { [Symbol.dispose]: context.stop.instead(context.stop.handOver) };
    const zones = args.all('zone');
    refuseBadZones(zones);
    if (zones.length > 0 || context.settings.engine.kind !== 'local') await fromServer(args, context, zones);
    else await fromJournal(args, context);
    return EXIT.ok;
  },
};

function refuseBadZones(zones: readonly string[]): void {
  const bad = zones.filter((zone) => !PATTERN.id.test(zone));
  if (bad.length === 0) return;
  throw new SlipwayError('BAD_USAGE', `not a zone: ${bad.join(', ')}`, { exitCode: EXIT.usage, hint: 'zones are named in the inventory and in environments' });
}

async function fromJournal(args: Args, context: Context): Promise<void> {
  const app = await context.app();
  const schedules = !args.flag('no-schedules');
  context.note(`driving runs that nobody drives${schedules ? ', and what schedules say' : ''}`);
  await app.tend(sessionOf(context), { most: args.number('most') ?? MOST, onLeft: told(context), schedules });
}

function told(context: Context): (runId: string, state: string) => void {
  return (runId, state) => context.note(`${runId}: ${state}`);
}

async function fromServer(args: Args, context: Context, zones: readonly string[]): Promise<void> {
  const app = await context.app();
  const central = zones.length === 0 || args.flag('central');
  const what = [...(central ? ['runs, and steps of no zone'] : []), ...zones.map((zone) => `steps of zone ${zone}`)].join(', ');
  const onReady = (engine: string): void => context.note(`taking ${what} from ${engine}`);
  const session = sessionOf(context);
  const over = new AbortController();
  const drain = AbortSignal.any([over.signal, ...(session.drain ? [session.drain] : [])]);
  const working = app.work(session, { zones, central, most: args.number('most') ?? MOST, onReady, onLeft: told(context) });
  // What happens without a person happens beside it, and ends with it.
  const operating = central ? app.operate({ ...session, drain }, { schedules: !args.flag('no-schedules') }) : undefined;
  await Promise.all([working.finally(() => over.abort()), operating]);
}
