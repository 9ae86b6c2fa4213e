import type { Adapter } from '../adapter.ts';
import { HostError } from '../error.ts';
import type { Api } from '../http/index.ts';
import { mergeExactly } from '../merge-exactly.ts';
import { openOnce } from '../open-once.ts';
import { everyPage, repoPath } from './paths.ts';
import { addressOf, type Look, pullPath, rawPull } from './pulls.ts';
import { Pull } from './shapes.ts';

const MOST_OPEN = 10_000;
const STRATEGY = { merge: undefined, squash: 'squash', rebase: 'rebase-no-ff' } as const;

/** Opening pull requests and merging them. */
export function landingOf(api: Api, { look, url }: { readonly look: Look; readonly url: string }): Pick<Adapter, 'merge' | 'openPullRequest'> {
  return {
    merge: (repo, number, { sha, method = 'merge', title }, call) =>
      mergeExactly(sha, {
        look: () => look(repo, number, call),
        send: async () => {
          // The version goes up whenever the head moves, so that Bitbucket refuses what was not looked at.
          const { version, fromRef } = await rawPull(api, { repo, number }, call);
          if (fromRef.latestCommit !== sha) throw new HostError('PULL_HEAD_MOVED', `the head of #${number} is ${fromRef.latestCommit}, not ${sha}`);
          const strategyId = STRATEGY[method];
          const body = { ...(strategyId === undefined ? {} : { strategyId }), ...(title === undefined ? {} : { message: title }) };
          await api.send({ method: 'POST', path: `${pullPath(repo, number)}/merge`, query: { version }, body, ...call });
        },
      }),
    openPullRequest: async ({ repo, head, base, title, body }, call) => {
      const path = `${repoPath(repo)}/pull-requests`;
      const opened = (pull: Pull) => ({ number: pull.id, url: addressOf(url, repo, pull.id) });
      return openOnce({
        find: async () => {
          const query = { state: 'OPEN', direction: 'OUTGOING', at: `refs/heads/${head}` };
          const open = await everyPage(api, { item: Pull, call: { path, query, ...call }, most: MOST_OPEN });
          const same = open.find(({ fromRef, toRef }) => fromRef.displayId === head && toRef.displayId === base && fromRef.repository === toRef.repository);
          return same && opened(same);
        },
        create: async () => {
          const refs = { fromRef: { id: `refs/heads/${head}` }, toRef: { id: `refs/heads/${base}` } };
          return opened(await api.read(Pull, { method: 'POST', path, body: { title, description: body, ...refs }, ...call }));
        },
      });
    },
  };
}
