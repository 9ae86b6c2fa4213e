import { type Digest, digestOf } from '../core/index.ts';
import type { Binding, LoadedAccess } from '../runbook/index.ts';

/** What all Access files of a repository say together. */
export interface AccessRules {
  /** Patterns of actions by role, with those of the roles it includes. */
  readonly roles: { readonly [role: string]: readonly string[] };
  /** Members of each team: `user:` and `group:`. */
  readonly teams: { readonly [team: string]: readonly string[] };
  readonly bindings: readonly Binding[];
  readonly digest: Digest;
}

/** Gather the Access files of a repository that was checked; no files give nothing to anybody. */
export function rulesOf(files: Iterable<LoadedAccess>): AccessRules {
  const loaded = [...files];
  const written = new Map(loaded.flatMap(({ access }) => Object.entries(access.roles ?? {})));
  const actionsOf = (role: string, above: readonly string[] = []): readonly string[] => {
    // Loops are refused when a repository is checked; following one for ever must not be possible all the same.
    if (above.includes(role)) return [];
    const { actions = [], includes = [] } = written.get(role) ?? {};
    return [...new Set([...actions, ...includes.flatMap((included) => actionsOf(included, [...above, role]))])];
  };
  return {
    roles: Object.fromEntries([...written.keys()].map((role) => [role, actionsOf(role)])),
    teams: Object.fromEntries(loaded.flatMap(({ access }) => Object.entries(access.teams ?? {}).map(([team, { members }]) => [team, members]))),
    bindings: loaded.flatMap(({ access }) => access.bindings ?? []),
    digest: digestOf(loaded.map(({ name, source }) => ({ name, source }))),
  };
}
