import type { ExitCode } from '../core/index.ts';
import { topHelp } from './help.ts';
import type { CliDeps, CliIo } from './types.ts';

/**
 * Do what a command line says. Help and version are answered without loading anything else.
 *
 * @returns the exit code of the process; core's EXIT has the whole table.
 */
export async function runCli(io: CliIo, openDeps: () => Promise<CliDeps>): Promise<ExitCode> {
  const [first, ...rest] = io.argv;
  if (first === undefined || first === '--help' || first === '-h' || (first === 'help' && rest.length === 0)) {
    io.stdout(topHelp(io.version));
    return 0;
  }
  if (first === '--version' || first === '-V') {
    io.stdout(`${io.version}\n`);
    return 0;
  }
  const { runCommandLine } = await import('./run-command.ts');
  return runCommandLine(first === 'help' ? [...rest, '--help'] : io.argv, io, openDeps);
}
