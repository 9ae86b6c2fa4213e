import { SlipwayError } from '../core/index.ts';
import { resolveCommit } from './commits.ts';
import type { GitContext } from './git.ts';

/** Where the default branch may be, the most telling place first: as it was fetched last, else as it is called by custom, else whatever is checked out. */
const PLACES = ['origin/HEAD', 'origin/main', 'origin/master', 'main', 'master', 'HEAD'] as const;

/** Newest commit of the default branch, as this repository knows it. Nothing is fetched. @throws {SlipwayError} `NO_COMMIT`, `NOT_A_REPOSITORY`, `GIT_MISSING`, `GIT_FAILED`. */
export async function defaultHead(repository: string, context: GitContext): Promise<string> {
  for (const place of PLACES) {
    try {
      return await resolveCommit(repository, place, context);
    } catch (cause) {
      if (place === 'HEAD' || !(cause instanceof SlipwayError) || cause.code !== 'COMMIT_NOT_FOUND') throw cause;
    }
  }
  throw new SlipwayError('NO_COMMIT', 'the repository has no commit yet', { hint: 'commit your runbooks: git add . && git commit' });
}
