import { HostError } from '../../githost/index.ts';
import { isTouched } from './affected/index.ts';
import type { Assessed } from './assess.ts';
import type { OpenedPull } from './opened.ts';
import { enqueuePull } from './queue.ts';
import type { PullsOptions } from './types.ts';

/** Merge what was applied before, where all environments leave the merge to Slipway; nothing while anything of this head is still to be applied. */
export async function mergeApplied(
  options: PullsOptions,
  { opened, assessed }: { readonly opened: OpenedPull; readonly assessed: readonly Assessed[] },
): Promise<void> {
  const touched = assessed.filter(({ affected }) => isTouched(affected));
  const isDone = touched.length > 0 && touched.every((each) => isApplied(opened, each));
  const method = touched[0]?.needs.merge;
  if (opened.pull.state !== 'open' || !isDone || method === undefined) return;
  try {
    await mergeHead(options, opened, method);
  } catch (cause) {
    if (!(cause instanceof HostError) || cause.retry === 'afterBackoff') throw cause;
    options.log.warn({ pull: opened.pull.url, error: cause.message }, 'what was applied could not be merged; people have to');
  }
}

function isApplied({ record }: OpenedPull, { needs, run }: Assessed): boolean {
  const own = record.runs.find(({ id }) => id === run?.row.id);
  return needs.when === 'beforeMerge' && needs.merge !== undefined && own?.commit === record.head && run?.state === 'succeeded';
}

/** Merge exactly the head that was looked at; when it is merged already, nothing happens. @throws {HostError} `PULL_HEAD_MOVED`, `PULL_NOT_MERGEABLE`. */
export async function mergeHead(options: PullsOptions, { served, ref, record, signal }: OpenedPull, method: 'merge' | 'squash' | 'rebase'): Promise<void> {
  await served.host.merge(ref.repo, ref.number, { sha: record.head, method }, { signal });
  await enqueuePull(options, ref, `merged ${record.head}`);
}
