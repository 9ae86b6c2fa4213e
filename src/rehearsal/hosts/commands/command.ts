import type { Process } from '../shell/process.ts';

/** What a command may need besides its own streams. */
export interface Surroundings {
  /** The shell that runs it; a command such as cd changes it. */
  readonly shell: Process;
  readonly play: (script: string, process: Process) => Promise<number>;
  /** Run another command of this machine by its words. */
  readonly invoke: (words: readonly string[], process: Process) => Promise<number>;
  readonly isKnown: (name: string) => boolean;
}

/** A command a rehearsed machine knows. Gives back its exit code. */
export interface Command {
  readonly changesShell?: boolean;
  readonly run: (args: readonly string[], process: Process, around: Surroundings) => number | Promise<number>;
}

/** Words that are no options. */
export function operands(args: readonly string[]): readonly string[] {
  const end = args.indexOf('--');
  if (end >= 0) return [...args.slice(0, end).filter((arg) => !arg.startsWith('-')), ...args.slice(end + 1)];
  return args.filter((arg) => !arg.startsWith('-'));
}

/** Is one of these letters among the short options? */
export function hasOption(args: readonly string[], letters: string): boolean {
  return args.some((arg) => /^-[A-Za-z]+$/.test(arg) && letters.split('').some((letter) => arg.includes(letter)));
}
