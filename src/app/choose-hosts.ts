import { didYouMean, EXIT, SlipwayError } from '../core/index.ts';
import type { RunData } from '../engine/index.ts';
import { type InventoryIndex, matchPattern } from '../inventory/index.ts';

type Task = RunData['tasks'] extends ReadonlyMap<string, infer T> ? T : never;
type Entry = Task['hosts'][string] | undefined;

const isInDoubt = (entry: Entry): boolean => entry === 'inDoubt' || entry?.inDoubt === true;
const stateOf = (entry: Entry): string | undefined => (entry === undefined || entry === 'inDoubt' ? undefined : entry.state);

/** Words for hosts by what became of them. One whose end nobody saw is only ever `in-doubt`. */
const BY_STATE: { readonly [word: string]: (entry: Entry) => boolean } = {
  failed: (entry) => stateOf(entry) === 'failed' && !isInDoubt(entry),
  unreachable: (entry) => stateOf(entry) === 'unreachable' && !isInDoubt(entry),
  'never-reached': (entry) => entry === undefined,
  'in-doubt': isInDoubt,
};
export const HOST_WORDS: readonly string[] = Object.keys(BY_STATE);

/**
 * Hosts of a step that a person means: `failed,never-reached`, or a pattern of the inventory. With a pattern, hosts that ended well are left alone.
 *
 * @throws {SlipwayError} `BAD_HOSTS` for a pattern that means nothing.
 */
export function chooseHosts(
  task: Pick<Task, 'hosts'>,
  names: readonly string[],
  choice: { readonly words: string; readonly inventory: InventoryIndex },
): readonly string[] {
  const words = choice.words.split(',').map((word) => word.trim());
  if (words.every((word) => Object.hasOwn(BY_STATE, word))) return names.filter((name) => words.some((word) => BY_STATE[word]?.(task.hosts[name]) === true));
  const { names: matched, problems } = matchPattern(choice.inventory, choice.words);
  const [problem] = problems;
  if (problem) {
    const near = didYouMean(choice.words, HOST_WORDS);
    throw new SlipwayError('BAD_HOSTS', problem.message, {
      exitCode: EXIT.usage,
      hint: near ? `did you mean "${near}"?` : `${problem.hint}; or one of ${HOST_WORDS.join(', ')}`,
    });
  }
  const wanted = new Set(matched);
  return names.filter((name) => wanted.has(name) && !isGood(task.hosts[name]));
}

function isGood(entry: Entry): boolean {
  return stateOf(entry) === 'ok' || stateOf(entry) === 'changed' || stateOf(entry) === 'skipped';
}
