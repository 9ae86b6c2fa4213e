import { z } from 'zod';
import type { Adapter } from '../adapter.ts';
import { HostError } from '../error.ts';
import { type Api, apiPath } from '../http/index.ts';
import type { AccountRef, Call, HostUser } from '../port.ts';
import { everyPage, split } from './paths.ts';
import { Account } from './shapes.ts';

const MOST_NAMESAKES = 1_000;
/** From the strongest down: who may administer may also write. */
const LEVELS = [
  ['REPO_ADMIN', 'admin'],
  ['REPO_WRITE', 'write'],
  ['REPO_READ', 'read'],
] as const;
type Account = z.infer<typeof Account>;

export function peopleOf(api: Api): Pick<Adapter, 'self' | 'permission' | 'isMember'> {
  const accountOf = async (user: AccountRef, call?: Call): Promise<Account | undefined> => {
    const found = await api.find(Account, { path: apiPath`/users/${user.login}`, ...call });
    const isMeant = found?.active === true && found.slug.toLowerCase() === user.login.toLowerCase() && (user.id === undefined || user.id === found.id);
    return isMeant ? found : undefined;
  };
  /** Is the account among those whom a question finds? The filter matches parts of names, so that the id decides. */
  const isAmong = async (account: Account, path: string, query: Readonly<Record<string, string>>, call?: Call): Promise<boolean> => {
    const found = await everyPage(api, { item: Account, call: { path, query: { filter: account.name, ...query }, ...call }, most: MOST_NAMESAKES });
    return found.some(({ id }) => id === account.id);
  };
  return {
    self: (call) => whoami(api, call),
    permission: async (repo, user, call) => {
      const { project, slug } = split(repo);
      const account = await accountOf(user, call);
      if (account === undefined) return 'none';
      for (const [permission, level] of LEVELS) {
        // Numbered from 1: Bitbucket drops filters that it does not understand, and would then find everybody.
        const query = { 'permission.1': permission, 'permission.1.projectKey': project, 'permission.1.repositorySlug': slug };
        if (await isAmong(account, '/users', query, call)) return level;
      }
      return 'none';
    },
    isMember: async (group, user, call) => {
      const account = await accountOf(user, call);
      return account !== undefined && (await isAmong(account, '/admin/groups/more-members', { context: group }, call));
    },
  };
}

/** Bitbucket has no question for it, but says it in a header of every answer. */
async function whoami(api: Api, call?: Call): Promise<HostUser> {
  const { headers } = await api.send({ path: '/application-properties', ...call });
  const name = headers['x-ausername'];
  if (name === undefined || name === '' || name === 'anonymous')
    throw new HostError('HOST_DENIED', 'Bitbucket takes the token for nobody', { hint: 'is it still valid?' });
  const found = await everyPage(api, { item: Account, call: { path: '/users', query: { filter: decodeURIComponent(name) }, ...call }, most: MOST_NAMESAKES });
  const us = found.find((account) => account.name === decodeURIComponent(name));
  if (us === undefined) {
    throw new HostError('HOST_DENIED', `Bitbucket does not find the account "${name.slice(0, 80)}" of the token`, {
      hint: 'use the token of an account, not of a repository or project',
    });
  }
  return { id: us.id, login: us.slug };
}
