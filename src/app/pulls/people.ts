import { type AccessRules, type Identity, teamsOf } from '../../access/index.ts';
import { type AccountRef, type GitHost, HostError } from '../../githost/index.ts';

/** Somebody who speaks in a pull request. */
export interface Speaker {
  readonly account: AccountRef;
  readonly identity: Identity;
  /** By the access files of the default branch. */
  readonly teams: readonly string[];
}

/** What access files and approvals call an account of a host: `user:ada@git`, with the name that the settings give the host. */
export function subjectOf({ name }: Pick<GitHost, 'name'>, { login }: Pick<AccountRef, 'login'>): string {
  return `user:${login}@${name}`;
}

/**
 * Who an account is, asked now. Groups of the host are those that the access files speak of as `group:<host>/<group>`; only these are asked for.
 */
export async function speakerOf(host: GitHost, rules: AccessRules, account: AccountRef, signal: AbortSignal): Promise<Speaker> {
  const groups: string[] = [];
  for (const group of host.can.groups ? groupsIn(rules, host.name) : []) {
    if (await isIn(host, group, account, signal)) groups.push(`${host.name}/${group}`);
  }
  const identity: Identity = { id: subjectOf(host, account), via: 'comment', groups };
  return { account, identity, teams: teamsOf(rules, identity) };
}

/** A group that is not there, or that we may not see, has no members. */
export async function isIn(host: GitHost, group: string, account: AccountRef, signal: AbortSignal): Promise<boolean> {
  try {
    return await host.isMember(group, account, { signal });
  } catch (cause) {
    if (cause instanceof HostError && ['HOST_NOT_FOUND', 'HOST_NAME', 'HOST_DENIED'].includes(cause.code)) return false;
    throw cause;
  }
}

/** Names of groups of a host that rules give something to. */
function groupsIn({ teams, bindings }: AccessRules, host: string): readonly string[] {
  const subjects = [...Object.values(teams).flat(), ...bindings.flatMap((binding) => binding.subjects)];
  const prefix = `group:${host}/`;
  return [...new Set(subjects.filter((subject) => subject.startsWith(prefix)).map((subject) => subject.slice(prefix.length)))];
}

/** May the account change the repository, at this moment? */
export async function mayWrite(host: GitHost, repo: string, account: AccountRef, signal: AbortSignal): Promise<boolean> {
  return ['write', 'admin'].includes(await host.permission(repo, account, { signal }));
}

/** Two names for one person, when in doubt: hosts, sign-ins and commits call people by different ones. */
export function isSamePerson(one: string, other: string): boolean {
  const [a, b] = [one, other].map((name) => name.toLowerCase().replace(/^user:/, '')) as [string, string];
  return a === b || a.startsWith(`${b}@`) || b.startsWith(`${a}@`);
}
