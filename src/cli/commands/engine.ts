import type { OpenRun, Overview } from '../../app/index.ts';
import { EXIT, formatDuration } from '../../core/index.ts';
import { printResult, sessionOf } from '../context.ts';
import type { Command } from '../types.ts';

export const engineStatus: Command = {
  name: 'engine status',
  about:
    'Exit code 1 when nobody drives new runs, or a run stands still because nobody drives it or its driver hangs; waiting for people is no fault of the engine.',
  positionals: [],
  options: {},
  run: async (_args, context) => {
    const seen = await (await context.app()).overview(sessionOf(context));
    printResult(context, seen, () => overviewText(seen, context.deps.clock.now()));
    return seen.trouble || seen.open.some(({ standstill }) => standstill.some(({ kind }) => kind !== 'person')) ? EXIT.error : EXIT.ok;
  },
};

function overviewText({ engine, trouble, counts, drivers, open }: Overview, now: number): string {
  const states = Object.entries(counts).map(([state, count]) => `${count} ${state}`);
  const held = drivers.map(({ owner, runs, alive }) => `  ${owner}: ${runs} ${runs === 1 ? 'run' : 'runs'}${alive ? '' : ', gone'}`);
  return [
    `engine: ${engine}`,
    ...(trouble ? [`  drives nothing: ${trouble.reason}`, `  next: ${trouble.next}`] : []),
    `runs: ${states.length === 0 ? 'none' : states.join(', ')}`,
    `drivers: ${held.length === 0 ? 'none' : ''}`.trimEnd(),
    ...held,
    ...open.flatMap((run) => runLines(run, now)),
  ].join('\n');
}

function runLines({ id, runbook, state, standstill }: OpenRun, now: number): readonly string[] {
  if (standstill.length === 0) return [`${id} ${runbook}: ${state}`];
  return [
    `${id} ${runbook}: ${state}`,
    ...standstill.flatMap(({ reason, next, since }) => [`  stands still for ${formatDuration(Math.max(0, now - since))}: ${reason}`, `  next: ${next}`]),
  ];
}
