import type { Mirror } from '../../repo/index.ts';
import type { PullRecord } from './record.ts';

/**
 * Where the default branch stood before a pull request came into it. A merge and a squash have that as their first parent; a rebase brings as many commits as
 * the pull request has. Whichever brings exactly the files of the pull request is the one.
 *
 * @param commit the one that brought it in, as its host says.
 * @returns undefined when none does.
 */
export async function beforeLanding(mirror: Mirror, { base, head }: Pick<PullRecord, 'base' | 'head'>, commit: string): Promise<string | undefined> {
  const wanted = await pathsOf(mirror, base, head);
  const own = await mirror.behindBy(head, base).catch(() => 1);
  for (const step of new Set([1, own])) {
    const before = await mirror.resolve(`${commit}${step === 1 ? '^1' : `~${step}`}`).catch(() => undefined);
    if (before !== undefined && (await pathsOf(mirror, before, commit)) === wanted) return before;
  }
  return undefined;
}

async function pathsOf(mirror: Mirror, base: string, head: string): Promise<string> {
  return (await mirror.changedFiles(base, head)).map(({ path, change }) => `${change} ${path}`).join('\n');
}
