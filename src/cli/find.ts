import { didYouMean } from '../core/index.ts';
import { ENTRIES, type Entry } from './registry.ts';

export type Found = { readonly entry: Entry; readonly rest: readonly string[] } | { readonly problem: string };

/** Find the command that the first words name; the rest are its arguments. */
export function findCommand(argv: readonly string[]): Found {
  const [first = '', second = ''] = argv;
  const two = ENTRIES.find(({ name }) => name === `${first} ${second}`);
  if (two !== undefined) return { entry: two, rest: argv.slice(2) };
  const family = ENTRIES.filter(({ name }) => name.startsWith(`${first} `)).map(({ name }) => name);
  const one = ENTRIES.find(({ name }) => name === first);
  if (one !== undefined)
    return isLostWord(one, second) && family.length > 0 ? { problem: familyProblem(first, second, family) } : { entry: one, rest: argv.slice(1) };
  if (first.startsWith('-')) return { problem: `the command comes first, and "${first}" is not one` };
  if (family.length > 0) return { problem: familyProblem(first, second, family) };
  const near = didYouMean(first, new Set(ENTRIES.map(({ name }) => name.split(' ')[0] ?? name)));
  return { problem: `there is no command "${first}"${near === undefined ? '' : `; did you mean "${near}"?`}` };
}

/** A command that takes no words was given one: a mistyped second word of its family. */
function isLostWord({ name, usage }: Entry, word: string): boolean {
  return usage === name && word !== '' && !word.startsWith('-');
}

function familyProblem(first: string, second: string, family: readonly string[]): string {
  const seconds = family.map((name) => name.slice(first.length + 1));
  if (second === '' || second.startsWith('-')) return `"${first}" needs one of ${seconds.join(', ')}`;
  const near = didYouMean(second, seconds);
  return `there is no command "${first} ${second}"; ${near === undefined ? `"${first}" has ${seconds.join(', ')}` : `did you mean "${first} ${near}"?`}`;
}
