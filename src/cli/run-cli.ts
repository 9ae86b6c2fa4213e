import { createMasker, EXIT, type ExitCode } from '../core/index.ts';
import { findCommand } from './find.ts';
import { topHelp } from './help.ts';
import type { Entry } from './registry.ts';
import type { CliDeps, Command, Context } from './types.ts';

/**
 * Do what a command line says.
 *
 * @returns the exit code of the process; core's EXIT has the whole table.
 */
export async function runCli(deps: CliDeps): Promise<ExitCode> {
  const [first, ...rest] = deps.argv;
  if (first === undefined || first === '--help' || first === '-h' || (first === 'help' && rest.length === 0)) {
    deps.stdout(topHelp(deps.version));
    return EXIT.ok;
  }
  if (first === '--version' || first === '-V') {
    deps.stdout(`${deps.version}\n`);
    return EXIT.ok;
  }
  const found = findCommand(first === 'help' ? [...rest, '--help'] : deps.argv);
  if ('problem' in found) {
    deps.stderr(`slipway: ${found.problem}\nusage: slipway <command> [options]\nhelp:  slipway --help\n`);
    return EXIT.usage;
  }
  return runEntry(found.entry, found.rest, deps);
}

async function runEntry(entry: Entry, rest: readonly string[], deps: CliDeps): Promise<ExitCode> {
  const [command, { commandHelp, parseArgs, usageOf }] = await Promise.all([entry.load(), import('./parse.ts')]);
  const parsed = await parseArgs(rest, command);
  if ('mistakes' in parsed) {
    const lines = parsed.mistakes.map((mistake) => `slipway ${entry.name}: ${mistake}`);
    deps.stderr(`${[...lines, usageOf(entry), `help:  slipway ${entry.name} --help`].join('\n')}\n`);
    return EXIT.usage;
  }
  if (parsed.args.flag('help')) {
    deps.stdout(await commandHelp(entry, command, 100));
    return EXIT.ok;
  }
  return runCommand(command, parsed.args, deps);
}

async function runCommand(command: Command, args: Parameters<Command['run']>[0], deps: CliDeps): Promise<ExitCode> {
  const [{ openContext }, { failureOf, problemLines }] = await Promise.all([import('./context.ts'), import('./say-error.ts')]);
  const masker = createMasker();
  const settings = await deps.settings();
  if (!settings.ok) {
    deps.stderr(`${problemLines(settings.problems).join('\n')}\n`);
    return EXIT.usage;
  }
  const opened: { context?: Context } = {};
  try {
    await using scope = openContext({ deps, settings: settings.value, masker, json: args.flag('json'), noColour: args.flag('no-color') });
    opened.context = scope.context;
    return await command.run(args, scope.context);
  } catch (thrown) {
    const failure = failureOf(opened.context?.stop.signal.aborted === true ? opened.context.stop.signal.reason : thrown);
    deps.stderr(`${masker.mask(failure.lines.join('\n'))}\n`);
    if (args.flag('json')) deps.stdout(`${masker.mask(JSON.stringify(failure.json))}\n`);
    return failure.exitCode;
  }
}
