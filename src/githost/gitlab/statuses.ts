import { Commits } from '@gitbeaker/rest';
import type { z } from 'zod';
import type { Adapter } from '../adapter.ts';
import { HostError } from '../error.ts';
import type { Call, CommitStatus } from '../port.ts';
import { PAGES, type Resources, wholeList } from './client.ts';
import { Status } from './shapes.ts';

const WORDS = { pending: 'running', success: 'success', failure: 'failed', error: 'failed' } as const satisfies Record<CommitStatus['state'], string>;

export function statusesOf(resources: Resources): Pick<Adapter, 'statuses' | 'setStatus'> {
  const all = (repo: string, sha: string, call?: Call) => wholeList(Status, resources(Commits, call).allStatuses(repo, sha, PAGES), 'statuses');
  return {
    statuses: async (repo, sha, call) => [...new Map((await all(repo, sha, call)).map((status) => [status.name, toStatus(status)])).values()],
    setStatus: async (repo, sha, { context, state, description, url }, call) => {
      try {
        await resources(Commits, call).editStatus(repo, sha, WORDS[state], { name: context, description, ...(url === undefined ? {} : { targetUrl: url }) });
      } catch (cause) {
        // GitLab refuses to a status that has not ended the state that it has already, even with other words.
        if (!(cause instanceof HostError) || cause.status !== 400) throw cause;
        const known = (await all(repo, sha, call)).find(({ name }) => name === context);
        if (known?.status !== WORDS[state]) throw cause;
      }
    },
  };
}

function toStatus({ name, status, description, target_url: url }: z.infer<typeof Status>): CommitStatus {
  return { context: name, state: stateOf(status), description, ...(url ? { url } : {}) };
}

function stateOf(status: string): CommitStatus['state'] {
  if (status === 'success') return 'success';
  if (status === 'failed') return 'failure';
  return ['pending', 'running', 'created', 'waiting_for_resource', 'preparing', 'scheduled'].includes(status) ? 'pending' : 'error';
}
