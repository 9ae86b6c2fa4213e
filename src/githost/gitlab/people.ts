import { GroupMembers, ProjectMembers, Users } from '@gitbeaker/rest';
import type { Adapter } from '../adapter.ts';
import type { AccountRef, Call, Permission } from '../port.ts';
import { type Resources, shapedAs, shapedOrNone, wholeList } from './client.ts';
import { Member, User } from './shapes.ts';

const LEVEL = { reporter: 20, developer: 30, maintainer: 40 } as const;

export function peopleOf(resources: Resources): Pick<Adapter, 'self' | 'permission' | 'isMember'> {
  /** The id of an active account of that name, when it is the one that is meant. */
  const idOf = async (user: AccountRef, call?: Call): Promise<number | undefined> => {
    const named = await wholeList(User, resources(Users, call).all({ username: user.login }), 'accounts');
    const found = named.find(({ login }) => login.toLowerCase() === user.login.toLowerCase());
    if (found === undefined || (user.id !== undefined && user.id !== found.id)) return undefined;
    return found.state === undefined || found.state === 'active' ? Number(found.id) : undefined;
  };
  return {
    self: async (call) => {
      const { id, login } = await shapedAs(User, resources(Users, call).showCurrentUser());
      return { id, login };
    },
    permission: async (repo, user, call) => {
      const id = await idOf(user, call);
      if (id === undefined) return 'none';
      const member = await shapedOrNone(Member, resources(ProjectMembers, call).show(repo, id, { includeInherited: true }));
      return member !== undefined && isActive(member.state) ? rank(member.access_level) : 'none';
    },
    isMember: async (group, user, call) => {
      const id = await idOf(user, call);
      if (id === undefined) return false;
      const member = await shapedOrNone(Member, resources(GroupMembers, call).show(group, id, { includeInherited: true }));
      return member !== undefined && isActive(member.state);
    },
  };
}

function isActive(state: string | null | undefined): boolean {
  return (state ?? 'active') === 'active';
}

/** Guests and planners see no code, so that they are nobody here. Maintainers decide what protects a branch. */
function rank(level: number): Permission {
  if (level >= LEVEL.maintainer) return 'admin';
  if (level >= LEVEL.developer) return 'write';
  return level >= LEVEL.reporter ? 'read' : 'none';
}
