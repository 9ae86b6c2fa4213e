import type { AccessRules } from './rules.ts';
import type { Scope } from './scope.ts';

/** How somebody came to ask. */
export type Via = 'session' | 'token' | 'webhook' | 'comment' | 'schedule' | 'command';

/** Who asks: a person, a token, a trigger, a schedule. */
export interface Identity {
  /** `user:ada`, `token:ci`, `trigger:portal`, `schedule:nightly`. */
  readonly id: string;
  readonly via: Via;
  /** Groups of a person, as the identity provider calls them. */
  readonly groups?: readonly string[];
  /** Present for tokens: it may do no more than these. */
  readonly scopes?: readonly Scope[];
}

/** Teams somebody belongs to, by the Access files alone: a provider of identities cannot put anybody into a team. */
export function teamsOf({ teams }: AccessRules, { id, groups = [] }: Identity): readonly string[] {
  const names = new Set([id, ...groups.map((group) => `group:${group}`)]);
  return Object.entries(teams).flatMap(([team, members]) => (members.some((member) => names.has(member)) ? [team] : []));
}

/** Every name a binding may call somebody by. Only people are `anyone`: machines are named. */
export function namesOf(rules: AccessRules, identity: Identity): readonly string[] {
  const { id, groups = [] } = identity;
  const isPerson = id.startsWith('user:');
  return [id, ...(isPerson ? ['anyone'] : []), ...groups.map((group) => `group:${group}`), ...teamsOf(rules, identity).map((team) => `team:${team}`)];
}
