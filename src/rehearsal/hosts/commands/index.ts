import type { Command } from './command.ts';
import { fileCommands } from './file-commands.ts';
import { serviceCommands } from './service-commands.ts';
import { shellCommands } from './shell-commands.ts';
import { systemCommands } from './system-commands.ts';
import { trafficCommands } from './traffic-commands.ts';

export type { Command } from './command.ts';

const all = new Map<string, Command>(Object.entries({ ...shellCommands, ...fileCommands, ...systemCommands, ...serviceCommands, ...trafficCommands }));

/** The command of that name; a path counts by its last part. */
export function commandNamed(name: string): Command | undefined {
  return all.get(name) ?? all.get(name.replace(/^\/(?:usr\/)?(?:local\/)?s?bin\//, ''));
}
