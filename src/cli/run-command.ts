import { createMasker, EXIT, type ExitCode } from '../core/index.ts';
import type { Args } from './args.ts';
import { openContext } from './context.ts';
import { findCommand } from './find.ts';
import { commandHelp, parseArgs, usageOf } from './parse.ts';
import { failureOf, problemLines } from './say-error.ts';
import type { CliDeps, CliIo, Command, Context } from './types.ts';

const HELP_COLUMNS = 100;

/** Find the command, check its arguments, run it. */
export async function runCommandLine(argv: readonly string[], io: CliIo, openDeps: () => Promise<CliDeps>): Promise<ExitCode> {
  const found = findCommand(argv);
  if ('problem' in found) {
    io.stderr(`slipway: ${found.problem}\nusage: slipway <command> [options]\nhelp:  slipway --help\n`);
    return EXIT.usage;
  }
  const { entry, rest } = found;
  const command = await entry.load();
  const parsed = await parseArgs(rest, command);
  if ('mistakes' in parsed) {
    const lines = parsed.mistakes.map((mistake) => `slipway ${entry.name}: ${mistake}`);
    io.stderr(`${[...lines, usageOf(entry), `help:  slipway ${entry.name} --help`].join('\n')}\n`);
    return EXIT.usage;
  }
  if (!parsed.args.flag('help')) return runCommand(command, parsed.args, await openDeps());
  io.stdout(await commandHelp(entry, command, HELP_COLUMNS));
  return EXIT.ok;
}

async function runCommand(command: Command, args: Args, deps: CliDeps): Promise<ExitCode> {
  const masker = createMasker();
  const settings = await deps.settings();
  if (!settings.ok) {
    deps.stderr(`${problemLines(settings.problems).join('\n')}\n`);
    return EXIT.usage;
  }
  let context: Context | undefined;
  try {
    await using scope = openContext({
      deps,
      settings: settings.value,
      masker,
      json: args.flag('json'),
      noColour: args.flag('no-color'),
      server: args.text('server'),
    });
    context = scope.context;
    return await command.run(args, context);
  } catch (thrown) {
    const signal = context?.stop.signal;
    const failure = failureOf(signal?.aborted === true ? signal.reason : thrown);
    deps.stderr(`${masker.mask(failure.lines.join('\n'))}\n`);
    if (args.flag('json')) deps.stdout(`${masker.mask(JSON.stringify(failure.json))}\n`);
    return failure.exitCode;
  }
}
