import { rename, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { EXIT, SlipwayError } from '../../core/index.ts';
import { printResult, sessionOf } from '../context.ts';
import type { Command, Context } from '../types.ts';

const RUN = [{ name: 'run', about: 'id of a run' }] as const;

export const journalVerify: Command = {
  name: 'journal verify',
  positionals: RUN,
  options: {},
  run: async (args, context) => {
    const result = await (await context.app()).verifyJournal(sessionOf(context), args.positional('run'));
    printResult(context, result, () => result.text);
    return result.ok ? EXIT.ok : EXIT.error;
  },
};

export const journalExport: Command = {
  name: 'journal export',
  about:
    'Print every event of a run with its hash, one JSON object a line. Each hash is the SHA-256 of the canonical JSON of its event and the hash before. With --all, everything of all runs, for "slipway journal import"; secrets stay sealed.',
  positionals: [{ ...RUN[0], optional: true }],
  options: {
    all: { about: 'everything of all runs', type: 'flag' },
    out: { about: 'write to this file, which appears when it is whole', type: 'text' },
  },
  examples: ['slipway journal export run-20261123-7k2m9qz4ab', 'slipway journal export --all --out runs.ndjson'],
  run: async (args, context) => {
    const [run, out] = [args.positional('run'), args.text('out')];
    if ((run === '') !== args.flag('all'))
      throw new SlipwayError('EXPORT_WHAT', run === '' ? 'name a run, or all runs with --all' : `"${run}" is one run and --all is all of them`, {
        exitCode: EXIT.usage,
      });
    const lines = run === '' ? (await context.app()).exportRuns(sessionOf(context)) : eventsOf(run, context);
    if (out === undefined) for await (const line of lines) context.print(`${line}\n`);
    else context.note(`${await writeLines(resolve(out), lines)} lines written to ${out}`);
    return EXIT.ok;
  },
};

async function* eventsOf(run: string, context: Context): AsyncGenerator<string> {
  const { events } = await (await context.app()).facts(sessionOf(context), run);
  for (const event of events) yield JSON.stringify(event);
}

async function writeLines(file: string, lines: AsyncIterable<string>): Promise<number> {
  const draft = `${file}.draft`;
  let count = 0;
  const counted = async function* (): AsyncGenerator<string> {
    for await (const line of lines) {
      count += 1;
      yield `${line}\n`;
    }
  };
  await writeFile(draft, counted(), { mode: 0o600, flush: true });
  await rename(draft, file);
  return count;
}
