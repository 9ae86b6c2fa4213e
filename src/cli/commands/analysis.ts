import { writeFile } from 'node:fs/promises';
import { EXIT, messageOf, SlipwayError } from '../../core/index.ts';
import { analysesJson, analysesMarkdown, analysesText, verdictPicture, verifyText } from '../../report/index.ts';
import { printResult, sessionOf } from '../context.ts';
import type { Command } from '../types.ts';

const RUN = [{ name: 'run', about: 'id of a run' }];

export const analysisVerify: Command = {
  name: 'analysis verify',
  about: 'Compute every verdict of a run again from the evidence that was kept, and say where it differs from what was recorded. Asks nothing outside.',
  positionals: RUN,
  options: {},
  run: async (args, context) => {
    const [app, session, run] = [await context.app(), sessionOf(context), args.positional('run')];
    const journal = await app.verifyJournal(session, run);
    const checks = await app.analyses(session, run);
    const ok = journal.ok && checks.every((check) => check.ok);
    const words = () => `${verifyText(checks)}journal: ${journal.text}\n`;
    printResult(context, { ok, journal, verdicts: analysesJson(checks) }, words);
    return ok ? EXIT.ok : EXIT.error;
  },
};

export const analysisShow: Command = {
  name: 'analysis show',
  about: 'Show the verdicts of a run: a sentence, a table of every metric, and on request a picture.',
  positionals: RUN,
  options: {
    svg: { about: 'also write the picture of the last verdict to this file', type: 'text' },
    markdown: { about: 'as Markdown', type: 'flag' },
  },
  examples: ['slipway analysis show run-20261123-7k2m9qz4ab --svg verdict.svg'],
  run: async (args, context) => {
    const checks = await (await context.app()).analyses(sessionOf(context), args.positional('run'));
    printResult(context, analysesJson(checks), () => (args.flag('markdown') ? analysesMarkdown(checks) : analysesText(checks)));
    const file = args.text('svg');
    if (file !== undefined) {
      await writePicture(file, checks);
      context.note(`picture written to ${file}`);
    }
    return EXIT.ok;
  },
};

async function writePicture(file: string, checks: Parameters<typeof analysesText>[0]): Promise<void> {
  const last = checks.findLast(({ verdict }) => verdict !== undefined);
  if (!last?.verdict) {
    throw new SlipwayError('NO_VERDICT', 'no verdict of this run can be drawn', { hint: 'see "slipway analysis verify <run>"' });
  }
  try {
    await writeFile(file, verdictPicture(last.verdict, last.evidence));
  } catch (cause) {
    throw new SlipwayError('CANNOT_WRITE', `cannot write the picture to ${file}: ${messageOf(cause)}`, {
      hint: 'check the folder and its permissions',
      exitCode: EXIT.usage,
      cause,
    });
  }
}
