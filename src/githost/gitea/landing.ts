import type { Adapter } from '../adapter.ts';
import { type Api, allPages, apiPath } from '../http/index.ts';
import { mergeExactly } from '../merge-exactly.ts';
import { openOnce } from '../open-once.ts';
import { repoPath } from './paths.ts';
import type { Look } from './pulls.ts';
import { Pull } from './shapes.ts';

const MOST_OPEN = 10_000;

/** Opening pull requests and merging them. */
export function landingOf(api: Api, look: Look): Pick<Adapter, 'merge' | 'openPullRequest'> {
  return {
    merge: (repo, number, { sha, method = 'merge', title }, call) =>
      mergeExactly(sha, {
        look: () => look(repo, number, call),
        send: async () => {
          const body = { Do: method, head_commit_id: sha, ...(title === undefined ? {} : { MergeTitleField: title }) };
          await api.send({ method: 'POST', path: `${repoPath(repo)}${apiPath`/pulls/${number}/merge`}`, body, ...call });
        },
      }),
    openPullRequest: async ({ repo, head, base, title, body }, call) => {
      const path = `${repoPath(repo)}/pulls`;
      const opened = (pull: Pull) => ({ number: pull.number, url: pull.html_url });
      return openOnce({
        find: async () => {
          const open = await allPages(api, { item: Pull, call: { path, query: { state: 'open' }, ...call }, most: MOST_OPEN });
          const same = open.find((pull) => pull.head.ref === head && pull.base.ref === base && pull.head.repo?.full_name === pull.base.repo?.full_name);
          return same && opened(same);
        },
        create: async () => opened(await api.read(Pull, { method: 'POST', path, body: { head, base, title, body }, ...call })),
      });
    },
  };
}
