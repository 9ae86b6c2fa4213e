import { HostError } from './error.ts';
import type { Merged, PullRequest } from './port.ts';

/**
 * Merge one head and nothing else, whatever happens in between: looks first, lets the host check again, and looks once more when the answer was lost.
 *
 * @param send asks the host to merge `sha`; throws what the host says.
 * @throws {HostError} `PULL_HEAD_MOVED`, `PULL_NOT_MERGEABLE`.
 */
export async function mergeExactly(
  sha: string,
  { look, send }: { readonly look: () => Promise<PullRequest>; readonly send: (pull: PullRequest) => Promise<void> },
): Promise<Merged> {
  const before = await look();
  const already = mergedAs(before, sha);
  if (already) return already;
  if (before.state === 'closed') throw notMergeable(before, 'is closed');
  try {
    await send(before);
  } catch (cause) {
    if (!(cause instanceof HostError)) throw cause;
    const now = await look();
    const merged = mergedAs(now, sha);
    if (merged) return merged;
    if (cause.uncertain || cause.code !== 'HOST_FAILED' || cause.status === undefined || cause.status >= 500) throw cause;
    throw notMergeable(now, `was not merged: ${cause.message}`, cause);
  }
  // The branch may have moved since; what was merged has not.
  return { sha: (await look()).mergedAs };
}

/** Undefined while it is open. @throws {HostError} `PULL_HEAD_MOVED` when the head is another one, merged or not. */
function mergedAs(pull: PullRequest, sha: string): Merged | undefined {
  if (pull.head.sha !== sha) {
    throw new HostError('PULL_HEAD_MOVED', `the head of #${pull.number} is ${pull.head.sha}, not ${sha}`, {
      hint: 'plan the new head, and have that approved',
    });
  }
  return pull.state === 'merged' ? { sha: pull.mergedAs } : undefined;
}

function notMergeable(pull: PullRequest, why: string, cause?: unknown): HostError {
  return new HostError('PULL_NOT_MERGEABLE', `#${pull.number} ${why}`, {
    retry: pull.mergeable === 'unknown' ? 'afterBackoff' : 'never',
    hint: 'look at the conflicts and at the protection of the branch',
    ...(cause === undefined ? {} : { cause }),
  });
}
