import { SlipwayError } from '../../../core/index.ts';
import { callHost, refuseExit } from '../call.ts';
import type { Look } from '../preview.ts';
import { LOOK_SCRIPT, NO_MANAGER_EXIT } from './scripts.ts';

export type Manager = 'apt' | 'dnf';
/** One package as a host knows it. */
export interface Found {
  readonly name: string;
  readonly installed: string | undefined;
  /** The newest version to be had by the lists of the host. */
  readonly candidate: string | undefined;
  /** Somebody said that it must not change. */
  readonly isHeld: boolean;
}
export interface PackageState {
  readonly manager: Manager;
  /** Age of the package lists, in seconds; 0 where the manager looks after that itself. */
  readonly listsAge: number;
  readonly packages: readonly Found[];
}
export interface Question {
  readonly manager: 'auto' | Manager;
  readonly names: readonly string[];
  /** Take what the host has at hand rather than fetch anything. */
  readonly isOffline: boolean;
}

/**
 * Ask a host about packages; changes nothing.
 *
 * @throws {SlipwayError} `UNSUPPORTED_PLATFORM` with what was found, `SSH_EXIT`, and the codes of SSH.
 */
export async function packageState(look: Look, { manager, names, isOffline }: Question): Promise<PackageState> {
  const { host, options, ports, runId, signal } = look;
  const env = { SLIPWAY_MANAGER: manager, SLIPWAY_CACHE: isOffline ? 'only' : '' };
  const result = await callHost({ host, options, ports, runId, signal }, { script: LOOK_SCRIPT, env, stdin: linesOf(names) });
  if (result.exitCode === NO_MANAGER_EXIT) throw unsupported(host.name, manager, result.stdout);
  refuseExit(result, [0], { what: 'looking at packages', host: host.name });
  const rows = result.stdout.split('\n');
  const wordOf = (word: string): string => rows.find((row) => row.startsWith(`${word} `))?.slice(word.length + 1) ?? '';
  const packages = rows.filter((row) => row.startsWith('package\t')).map(foundIn);
  const missing = names.find((name) => !packages.some((each) => each.name === name));
  if (missing !== undefined) throw new SlipwayError('SSH_EXIT', `${host.name} says nothing of the package ${missing}`);
  return { manager: wordOf('manager') === 'dnf' ? 'dnf' : 'apt', listsAge: Number(wordOf('lists')), packages };
}

/** Names for a script, one a line. */
export function linesOf(names: readonly string[]): Buffer {
  return Buffer.from(names.map((name) => `${name}\n`).join(''));
}

function foundIn(row: string): Found {
  const [, name = '', installed = '-', candidate = '-', held] = row.split('\t');
  const known = (version: string): string | undefined => (version === '-' ? undefined : version);
  return { name, installed: known(installed), candidate: known(candidate), isHeld: held === 'yes' };
}

function unsupported(host: string, manager: string, stdout: string): SlipwayError {
  const lines = stdout.trim().split('\n');
  const tools = lines.filter((line) => line.startsWith('found ')).map((line) => line.slice('found '.length));
  const found = `${lines.at(-1) ?? 'it'} with ${tools.length === 0 ? 'no package manager that is known' : tools.join(', ')}`;
  return new SlipwayError(
    'UNSUPPORTED_PLATFORM',
    `ssh.package knows apt and dnf, and ${host} has ${found}${manager === 'auto' ? '' : `, while ${manager} is wanted`}`,
    {
      hint: 'leave the host out, or do it by ssh.run with creates or unless',
    },
  );
}
