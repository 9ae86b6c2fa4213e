import { z } from 'zod';
import type { Adapter } from '../adapter.ts';
import { HostError } from '../error.ts';
import { type Api, apiPath } from '../http/index.ts';
import type { AccountRef, HostUser, Permission } from '../port.ts';
import { repoPath } from './paths.ts';
import { User } from './shapes.ts';

const Permissions = z.object({ permission: z.string().max(32), user: User });
const Teams = z.object({ data: z.array(z.object({ id: z.int(), name: z.string().max(255) })) });

export function peopleOf(api: Api): Pick<Adapter, 'self' | 'permission' | 'isMember'> {
  return {
    self: (call) => api.read(User, { path: '/user', ...call }),
    permission: async (repo, user, call) => {
      const answer = await api.find(Permissions, { path: `${repoPath(repo)}${apiPath`/collaborators/${user.login}/permission`}`, ...call });
      return answer !== undefined && isSame(answer.user, user) ? rank(answer.permission) : 'none';
    },
    isMember: async (group, user, call) => {
      const [org = '', team, more] = group.split('/');
      if (team === undefined || more !== undefined) throw new HostError('HOST_NAME', `"${group}" is not org/team`);
      const account = await api.find(User, { path: apiPath`/users/${user.login}`, ...call });
      if (account === undefined || !isSame(account, user)) return false;
      const teams = await api.read(Teams, { path: apiPath`/orgs/${org}/teams/search`, query: { q: team, limit: 50 }, ...call });
      const found = teams.data.find(({ name }) => name.toLowerCase() === team.toLowerCase());
      if (found === undefined) throw new HostError('HOST_NOT_FOUND', `there is no team "${group}", or this token may not see it`);
      return (await api.find(User, { path: apiPath`/teams/${found.id}/members/${user.login}`, ...call })) !== undefined;
    },
  };
}

/** Names are compared as the host does, without case; the id must be that of the account that was meant. */
function isSame(found: HostUser, meant: AccountRef): boolean {
  return found.login.toLowerCase() === meant.login.toLowerCase() && (meant.id === undefined || meant.id === found.id);
}

function rank(permission: string): Permission {
  if (permission === 'owner' || permission === 'admin') return 'admin';
  return permission === 'write' || permission === 'read' ? permission : 'none';
}
