import { z } from 'zod';
import type { Adapter } from '../adapter.ts';
import { mergeExactly } from '../merge-exactly.ts';
import { openOnce } from '../open-once.ts';
import { type Clients, data, ownerAndName, signalled } from './client.ts';
import type { Look } from './pulls.ts';
import { Pull } from './shapes.ts';

/** Opening pull requests and merging them. */
export function landingOf(clients: Clients, look: Look): Pick<Adapter, 'merge' | 'openPullRequest'> {
  return {
    merge: (repo, number, { sha, method = 'merge', title }, call) =>
      mergeExactly(sha, {
        look: () => look(repo, number, call),
        send: async () => {
          const client = await clients.of(repo, call);
          const params = { ...ownerAndName(repo), pull_number: number, sha, merge_method: method, ...(title === undefined ? {} : { commit_title: title }) };
          await data(z.unknown(), () => client.request('PUT /repos/{owner}/{repo}/pulls/{pull_number}/merge', { ...params, ...signalled(call) }));
        },
      }),
    openPullRequest: async ({ repo, head, base, title, body }, call) => {
      const client = await clients.of(repo, call);
      const names = ownerAndName(repo);
      const opened = (pull: { readonly number: number; readonly html_url: string }) => ({ number: pull.number, url: pull.html_url });
      const Listed = Pull.pick({ number: true, html_url: true });
      return openOnce({
        find: async () => {
          const params = { ...names, head: `${names.owner}:${head}`, base, state: 'open', ...signalled(call) } as const;
          const [first] = await data(Listed.array(), () => client.request('GET /repos/{owner}/{repo}/pulls', params));
          return first && opened(first);
        },
        create: async () =>
          opened(await data(Listed, () => client.request('POST /repos/{owner}/{repo}/pulls', { ...names, head, base, title, body, ...signalled(call) }))),
      });
    },
  };
}
