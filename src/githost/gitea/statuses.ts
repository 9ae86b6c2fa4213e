import type { z } from 'zod';
import type { Adapter } from '../adapter.ts';
import { type Api, allPages, apiPath } from '../http/index.ts';
import type { CommitStatus } from '../port.ts';
import { repoPath } from './paths.ts';
import { Status } from './shapes.ts';

const MOST_STATUSES = 20_000;

export function statusesOf(api: Api): Pick<Adapter, 'statuses' | 'setStatus'> {
  const path = (repo: string, sha: string) => `${repoPath(repo)}${apiPath`/statuses/${sha}`}`;
  return {
    statuses: async (repo, sha, call) => {
      const all = await allPages(api, { item: Status, call: { path: path(repo, sha), ...call }, most: MOST_STATUSES });
      // Every change of a status is an entry of its own; the newest one holds.
      return [...new Map([...all].sort((a, b) => a.id - b.id).map((status) => [status.context, toStatus(status)])).values()];
    },
    setStatus: async (repo, sha, { context, state, description, url }, call) => {
      const body = { context, state, description, ...(url === undefined ? {} : { target_url: url }) };
      // Said twice it says the same.
      await api.send({ method: 'POST', path: path(repo, sha), body, repeatable: true, ...call });
    },
  };
}

function toStatus({ context, status, description, target_url: url }: z.infer<typeof Status>): CommitStatus {
  const state = status === 'success' || status === 'pending' || status === 'failure' ? status : 'error';
  return { context, state, description, ...(url ? { url } : {}) };
}
