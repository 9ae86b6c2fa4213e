import type { SeenLock } from '../../app/index.ts';
import { EXIT, formatDuration } from '../../core/index.ts';
import { printResult, sessionOf } from '../context.ts';
import type { Command } from '../types.ts';

export const locks: Command = {
  name: 'locks',
  about: 'Show what runs hold while they act, stacks and groups of hosts: which run, since when, and who waits for it in which order.',
  positionals: [],
  options: {},
  run: async (_args, context) => {
    const seen = await (await context.app()).locks(sessionOf(context));
    const now = context.deps.clock.now();
    printResult(context, seen, () => (seen.length === 0 ? 'nothing is locked' : seen.flatMap((lock) => lines(lock, now)).join('\n')));
    return EXIT.ok;
  },
};

function lines({ lock, heldBy, waiters }: SeenLock, now: number): readonly string[] {
  const since = (at: number): string => `for ${formatDuration(Math.max(0, now - at))}`;
  const undriven =
    heldBy && heldBy.driver !== 'alive' ? `, and no process drives it; free by itself in ${formatDuration(Math.max(0, heldBy.expiresAt - now))}` : '';
  const held = heldBy ? `held by ${heldBy.runId} (${heldBy.holder}) ${since(heldBy.since)}; the run is ${heldBy.state}${undriven}` : 'free';
  return [`${lock}: ${held}`, ...waiters.map(({ runId, holder, since: at, position }) => `  ${position}. ${runId} (${holder}) waits ${since(at)}`)];
}

export const unlock: Command = {
  name: 'unlock',
  about:
    'Take a lock away from a run that died and will not be gone on with. Refused while the run is alive; asking twice is no mistake. It is in the audit. A run that is resumed later waits for its locks again.',
  positionals: [{ name: 'lock', about: 'name of a lock, as "slipway locks" shows it' }],
  options: {
    force: { about: 'also while the run is alive: it is stopped where it stands', type: 'flag' },
    reason: { about: 'why, for the audit', type: 'text' },
  },
  examples: ['slipway unlock hosts:erp-new --reason "the run was abandoned"'],
  run: async (args, context) => {
    const reason = args.text('reason');
    const request = { lock: args.positional('lock'), force: args.flag('force'), ...(reason === undefined ? {} : { reason }) };
    const told = await (await context.app()).unlock(sessionOf(context), request);
    printResult(context, told, () => (told.released ? `${told.lock} is free; ${told.runId} had it` : `${told.lock} is free already`));
    return EXIT.ok;
  },
};
