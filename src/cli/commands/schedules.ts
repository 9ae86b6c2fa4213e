import type { SeenSchedule } from '../../app/index.ts';
import { clean, EXIT, formatDuration } from '../../core/index.ts';
import { printResult, sessionOf } from '../context.ts';
import { table } from '../table.ts';
import type { Command } from '../types.ts';

export const schedules: Command = {
  name: 'schedules',
  about: 'Show the schedules of the default branch, next first. A worker or a server starts them; one that none has seen yet is told as such.',
  positionals: [],
  options: {},
  run: async (_args, context) => {
    const seen = await (await context.app()).schedules(sessionOf(context));
    const now = context.deps.clock.now();
    const data = seen.map(({ next, ...rest }) => ({ ...rest, next: next.map((at) => new Date(at).toISOString()) }));
    printResult(context, data, () => (seen.length === 0 ? 'the default branch has no schedules' : table(seen.map((each) => row(each, now)))));
    return EXIT.ok;
  },
};

function row({ runbook, kind, cron, timeZone, next: [first], last, missed, isFollowed }: SeenSchedule, now: number): readonly string[] {
  const when = first === undefined ? 'never' : `in ${formatDuration(Math.max(0, first - now))}, ${new Date(first).toISOString().slice(0, 16)}Z`;
  const how = last ? `${last.outcome} ${last.runId ?? clean(last.reason ?? '')}${last.state === undefined ? '' : ` (${last.state})`}`.trim() : 'not fired yet';
  return [runbook, kind, `${cron} ${timeZone}`, when, isFollowed ? how : 'no worker has seen it yet', missed === 0 ? '' : `${missed} missed`];
}

export const schedulesTick: Command = {
  name: 'schedules tick',
  about:
    'Look at the schedules of the default branch once and carry out what has become due since the last look: for a cron of your own where no worker goes on. Runs are recorded; "slipway worker" or "slipway resume" drives them. The first look only remembers the time.',
  positionals: [],
  options: {},
  run: async (_args, context) => {
    const told = await (await context.app()).tickSchedules(sessionOf(context));
    printResult(context, told, () => (told.fires === 0 ? 'nothing is due' : `${told.fires} carried out; "slipway schedules" says how it went`));
    return EXIT.ok;
  },
};
