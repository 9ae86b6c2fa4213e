import { stripVTControlCharacters } from 'node:util';
import { EXIT } from '../../core/index.ts';
import { reportOf } from '../../report/index.ts';
import { sessionOf } from '../context.ts';
import type { Command, Context } from '../types.ts';

const PAGE = 500;
const POLL_MS = 300;

export const logs: Command = {
  name: 'logs',
  positionals: [
    { name: 'run', about: 'id of a run' },
    { name: 'path', about: 'only this step, for example provision/install', optional: true },
  ],
  options: {
    host: { about: 'only this host', type: 'text' },
    follow: { about: 'go on until the run ends', type: 'flag', alias: 'f' },
  },
  examples: ['slipway logs run-20261123-7k2m9qz4ab provision/install --host erp-new-2'],
  run: async (args, context) => {
    const app = await context.app();
    const session = sessionOf(context);
    const runId = args.positional('run');
    const path = args.positional('path');
    const host = args.text('host');
    const query = { limit: PAGE, ...(path === '' ? {} : { path }), ...(host === undefined ? {} : { host }) };
    const isOver = async () => reportOf(await app.facts(session, runId)).finishedAt !== undefined;
    let afterId = 0;
    // Whether it is over is asked before its lines are read, so that the last ones are not missed.
    for (let over = await isOver(); !context.stop.signal.aborted; over = await isOver()) {
      const lines = await app.logs(session, runId, { ...query, afterId });
      for (const line of lines) printLine(line, context);
      afterId = lines.at(-1)?.id ?? afterId;
      if (lines.length === PAGE) continue;
      if (over || !args.flag('follow')) break;
      await context.deps.clock.sleep(POLL_MS, context.stop.signal).catch(() => undefined); // Ctrl-C ends the loop
    }
    return EXIT.ok;
  },
};

function printLine(line: { readonly at: number; readonly path: string; readonly host?: string; readonly text: string }, context: Context): void {
  if (context.json) context.print(`${JSON.stringify(line)}\n`);
  else
    context.print(`${new Date(line.at).toISOString().slice(11, 23)} ${line.path}${line.host === undefined ? '' : ` ${line.host}`} | ${visible(line.text)}\n`);
}

/** What a machine printed must not move the cursor or change the title of the terminal that shows it. */
function visible(text: string): string {
  return stripVTControlCharacters(text).replaceAll(/[^\P{Cc}\t]/gu, '');
}
