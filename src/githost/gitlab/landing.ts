import { MergeRequests } from '@gitbeaker/rest';
import type { Adapter } from '../adapter.ts';
import { HostError } from '../error.ts';
import { mergeExactly } from '../merge-exactly.ts';
import { openOnce } from '../open-once.ts';
import { PAGES, type Resources, shapedAs, wholeList } from './client.ts';
import type { Look } from './pulls.ts';
import { Pull } from './shapes.ts';

/** Opening merge requests and merging them. */
export function landingOf(resources: Resources, look: Look): Pick<Adapter, 'merge' | 'openPullRequest'> {
  return {
    merge: async (repo, number, { sha, method = 'merge', title }, call) => {
      if (method === 'rebase')
        throw new HostError('HOST_UNSUPPORTED', 'GitLab rebases and merges in two steps, which may merge another head', { hint: 'use "merge" or "squash"' });
      return mergeExactly(sha, {
        look: () => look(repo, number, call),
        send: async () => {
          const isSquash = method === 'squash';
          const message = title === undefined ? {} : { [isSquash ? 'squashCommitMessage' : 'mergeCommitMessage']: title };
          await resources(MergeRequests, call).merge(repo, number, { sha, squash: isSquash, ...message });
        },
      });
    },
    openPullRequest: async ({ repo, head, base, title, body }, call) => {
      const opened = (pull: Pull) => ({ number: pull.iid, url: pull.web_url });
      return openOnce({
        find: async () => {
          const wanted = { projectId: repo, state: 'opened', sourceBranch: head, targetBranch: base, ...PAGES } as const;
          const open = await wholeList(Pull, resources(MergeRequests, call).all(wanted), 'merge requests');
          const same = open.find((pull) => pull.source_project_id === pull.target_project_id);
          return same && opened(same);
        },
        create: async () => opened(await shapedAs(Pull, resources(MergeRequests, call).create(repo, head, base, title, { description: body }))),
      });
    },
  };
}
