import { createReadStream } from 'node:fs';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { EXIT, messageOf, parseDuration, SlipwayError } from '../../core/index.ts';
import { printResult, sessionOf } from '../context.ts';
import type { Command, Context } from '../types.ts';

export const prune: Command = {
  name: 'journal prune',
  about:
    'Remove runs that ended long ago, with their events, output and sealed secrets. Runs that belong together, because one called or undoes another, go together or not at all; what has not ended never goes. Every removal is in the audit.',
  positionals: [],
  options: {
    'older-than': { about: 'time since the last event of a run, for example 90d', type: 'text', needed: true },
    'keep-evidence': { about: 'keep the evidence of the runs', type: 'flag' },
    'dry-run': { about: 'only say which runs would go', type: 'flag' },
  },
  examples: ['slipway journal prune --older-than 90d --dry-run'],
  run: async (args, context) => {
    const dryRun = args.flag('dry-run');
    const request = { olderThanMs: durationOf(args.text('older-than') ?? ''), keepEvidence: args.flag('keep-evidence'), dryRun };
    const told = await (await context.app()).prune(sessionOf(context), request);
    printResult(context, told, () => {
      const runs = `${told.runs.length} run${told.runs.length === 1 ? '' : 's'}`;
      if (dryRun) return [`${runs} would go`, ...told.runs.map((id) => `  ${id}`)].join('\n');
      const stayed = told.stayed.length === 0 ? '' : `; ${told.stayed.length} went on meanwhile and stayed`;
      return `${runs} removed with ${told.evidence} pieces of evidence, ${(told.bytes / 1_000_000).toFixed(1)} MB given back${stayed}`;
    });
    return EXIT.ok;
  },
};

function durationOf(text: string): number {
  const ms = parseDuration(text);
  if (ms !== undefined && ms > 0) return ms;
  throw new SlipwayError('BAD_DURATION', `--older-than "${text}" is not a time`, { exitCode: EXIT.usage, hint: 'write 90d or 12w' });
}

export const journalImport: Command = {
  name: 'journal import',
  about:
    'Store the runs of an export. A run that is here already stays as it is; every chain is verified before it is stored. Secrets need the key they were sealed with.',
  positionals: [{ name: 'file', about: 'file that "slipway journal export --all --out" wrote' }],
  options: {},
  run: async (args, context) => {
    const told = await (await context.app()).importRuns(sessionOf(context), linesOf(args.positional('file')));
    printResult(context, told, () =>
      [`${told.imported.length} imported, ${told.same.length} here already, ${told.refused.length} refused`, ...told.refused.map(({ why }) => `  ${why}`)].join(
        '\n',
      ),
    );
    return told.refused.length === 0 ? EXIT.ok : EXIT.error;
  },
};

async function* linesOf(file: string): AsyncGenerator<string> {
  try {
    yield* createInterface({ input: createReadStream(resolve(file)), crlfDelay: Infinity });
  } catch (cause) {
    throw new SlipwayError('IMPORT_UNREADABLE', `cannot read ${file}: ${messageOf(cause)}`, { cause, exitCode: EXIT.usage, hint: 'name a readable file' });
  }
}

export const backup: Command = {
  name: 'backup',
  about:
    'Copy the journal with its evidence into one file, while runs go on. The key of the vault is not in it: keep that elsewhere, as secrets cannot be opened without it.',
  positionals: [{ name: 'file', about: 'file to write; nothing may be there yet' }],
  options: {},
  run: async (args, context) => {
    const file = args.positional('file');
    const told = await (await context.app()).backUp(sessionOf(context), resolve(file));
    printResult(
      context,
      { ...told, file },
      () => `${told.runs} runs and ${told.evidence} pieces of evidence in ${file}, ${(told.bytes / 1_000_000).toFixed(1)} MB`,
    );
    if (told.vaultKey !== undefined) context.note(`the key of the vault (${told.vaultKey}…) is not in it: keep a copy of it elsewhere`);
    return EXIT.ok;
  },
};

export const restore: Command = {
  name: 'restore',
  about:
    'Put a backup in the place of the journal. Everything in it is verified first. Never under a run that is being driven; whoever drove a run before is fenced off.',
  positionals: [{ name: 'file', about: 'file that "slipway backup" wrote' }],
  options: { force: { about: 'also over a journal that has runs; a copy of it is kept', type: 'flag' } },
  run: async (args, context) => {
    const told = await (await context.app()).restore(sessionOf(context), resolve(args.positional('file')), { replace: args.flag('force') });
    printResult(
      context,
      told,
      () => `${told.runs} runs and ${told.evidence} pieces of evidence restored, as they were at ${new Date(told.madeAt).toISOString()}`,
    );
    if (told.before !== undefined) context.note(`the journal that was here is kept in ${told.before}`);
    noteKey(told.vaultKey, context);
    return EXIT.ok;
  },
};

function noteKey(vaultKey: 'none needed' | 'fits' | 'missing' | 'another', context: Context): void {
  if (vaultKey === 'missing') context.note('the key of the vault is not here: put it back before a run needs its secrets');
  if (vaultKey === 'another') context.note('the key of the vault that is here does not open these secrets: put the one back that they were sealed with');
}
