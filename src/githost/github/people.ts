import { z } from 'zod';
import type { Adapter } from '../adapter.ts';
import { HostError } from '../error.ts';
import type { AccountRef, HostUser, Permission } from '../port.ts';
import { type Clients, data, dataOrNone, ownerAndName, signalled } from './client.ts';
import { User } from './shapes.ts';

const Permissions = z.object({ permission: z.string().max(32), user: User.nullish() });

export function peopleOf(clients: Clients): Pick<Adapter, 'self' | 'permission' | 'isMember'> {
  return {
    self: clients.self,
    permission: async (repo, user, call) => {
      const client = await clients.of(repo, call);
      const params = { ...ownerAndName(repo), username: user.login, ...signalled(call) };
      const answer = await dataOrNone(Permissions, () => client.request('GET /repos/{owner}/{repo}/collaborators/{username}/permission', params));
      return answer?.user && isSame(answer.user, user) ? rank(answer.permission) : 'none';
    },
    isMember: async (group, user, call) => {
      const [org, team, more] = group.split('/');
      if (org === undefined || team === undefined || more !== undefined) throw new HostError('HOST_NAME', `"${group}" is not org/team`);
      const client = await clients.ofOrg(org, call);
      const account = await dataOrNone(User, () => client.request('GET /users/{username}', { username: user.login, ...signalled(call) }));
      if (account === undefined || !isSame(account, user)) return false;
      // A team that does not exist must not look like one that nobody is in.
      await data(z.object({ slug: z.string() }), () => client.request('GET /orgs/{org}/teams/{team_slug}', { org, team_slug: team, ...signalled(call) }));
      const params = { org, team_slug: team, username: user.login, ...signalled(call) };
      const membership = await dataOrNone(z.object({ state: z.string() }), () =>
        client.request('GET /orgs/{org}/teams/{team_slug}/memberships/{username}', params),
      );
      return membership?.state === 'active';
    },
  };
}

/** Names are compared as the host does, without case; the id must be that of the account that was meant. */
function isSame(found: HostUser, meant: AccountRef): boolean {
  return found.login.toLowerCase() === meant.login.toLowerCase() && (meant.id === undefined || meant.id === found.id);
}

/** GitHub folds its finer roles into these. */
function rank(permission: string): Permission {
  return permission === 'admin' || permission === 'write' || permission === 'read' ? permission : 'none';
}
