import { z } from 'zod';
import type { Adapter } from '../adapter.ts';
import type { CommitStatus } from '../port.ts';
import { type Clients, data, ownerAndName, signalled } from './client.ts';
import { Status } from './shapes.ts';

const Combined = z.object({ total_count: z.int().nonnegative(), statuses: Status.array() });

export function statusesOf(clients: Clients): Pick<Adapter, 'statuses' | 'setStatus'> {
  return {
    statuses: async (repo, sha, call) => {
      const client = await clients.of(repo, call);
      const all: CommitStatus[] = [];
      for (let page = 1; ; page++) {
        const params = { ...ownerAndName(repo), ref: sha, per_page: 100, page, ...signalled(call) };
        const { total_count: total, statuses } = await data(Combined, () => client.request('GET /repos/{owner}/{repo}/commits/{ref}/status', params));
        all.push(...statuses.map(toStatus));
        if (statuses.length === 0 || all.length >= total) return all;
      }
    },
    setStatus: async (repo, sha, { context, state, description, url }, call) => {
      const client = await clients.of(repo, call);
      const params = { ...ownerAndName(repo), sha, context, state, description, ...(url === undefined ? {} : { target_url: url }), ...signalled(call) };
      await data(z.unknown(), () => client.request('POST /repos/{owner}/{repo}/statuses/{sha}', params));
    },
  };
}

function toStatus({ context, state, description, target_url: url }: z.infer<typeof Status>): CommitStatus {
  const known = state === 'success' || state === 'pending' || state === 'failure' ? state : 'error';
  return { context, state: known, description, ...(url ? { url } : {}) };
}
