import type { Adapter } from '../adapter.ts';
import { type Api, apiPath } from '../http/index.ts';
import type { CommitStatus } from '../port.ts';
import { everyPage, repoPath } from './paths.ts';
import { Status } from './shapes.ts';

const MOST = 10_000;
const WORDS = { pending: 'INPROGRESS', success: 'SUCCESSFUL', failure: 'FAILED', error: 'FAILED' } as const satisfies Record<CommitStatus['state'], string>;

/** @param builds another part of the REST API, which lists what this one takes. */
export function statusesOf(api: Api, { builds, url }: { readonly builds: Api; readonly url: string }): Pick<Adapter, 'statuses' | 'setStatus'> {
  /** Bitbucket wants an address; without one of ours, that of the commit. */
  const standIn = (repo: string, sha: string) => `${url}${repoPath(repo)}${apiPath`/commits/${sha}`}`;
  return {
    statuses: async (repo, sha, call) => {
      const found = await everyPage(builds, { item: Status, call: { path: apiPath`/commits/${sha}`, ...call }, most: MOST });
      return found.map(({ key, state, description, url: link }) => ({
        context: key,
        state: state === 'SUCCESSFUL' ? 'success' : state === 'FAILED' ? 'failure' : state === 'INPROGRESS' ? 'pending' : 'error',
        description,
        ...(link && link !== standIn(repo, sha) ? { url: link } : {}),
      }));
    },
    setStatus: async (repo, sha, { context, state, description, url: link }, call) => {
      const body = { key: context, name: context, state: WORDS[state], description, url: link ?? standIn(repo, sha) };
      // The key makes it the same status however often it is sent.
      await api.send({ method: 'POST', path: `${repoPath(repo)}${apiPath`/commits/${sha}/builds`}`, body, repeatable: true, ...call });
    },
  };
}
