import { didYouMean, type JsonObject, type Problem } from '../core/index.ts';
import type { LoadedInventory } from '../runbook/index.ts';
import { expandRange } from './range.ts';
import { type Report, reporterOf } from './report.ts';

/** A group before its members are known. */
export interface Group {
  readonly name: string;
  readonly hosts: readonly string[];
  readonly groups: readonly string[];
  readonly vars: JsonObject;
  readonly report: Report;
}
/** Deeper nesting is a mistake, and would make looking for loops slow. */
const MOST_DEPTH = 32;
export type Groups = ReadonlyMap<string, Group>;

/** The groups of all inventories; unknown members, loops and names that are taken are reported. */
export function readGroups(inventories: readonly LoadedInventory[], hosts: ReadonlySet<string>, problems: Problem[]): Groups {
  const groups = new Map<string, Group>();
  for (const inventory of inventories) {
    const report = reporterOf(inventory, problems);
    for (const [name, group] of Object.entries(inventory.inventory.groups ?? {})) {
      const path = ['groups', name];
      if (groups.has(name))
        report({ code: 'DUPLICATE_NAME', path, message: `group "${name}" is in another inventory too`, hint: 'put all its hosts into one of them' });
      else if (hosts.has(name))
        report({
          code: 'DUPLICATE_NAME',
          path,
          message: `"${name}" is a host and a group`,
          hint: 'give one of them another name; a pattern could not tell them apart',
        });
      else groups.set(name, { name, hosts: membersOf(group.hosts ?? [], { hosts, report, path }), groups: group.groups ?? [], vars: group.vars ?? {}, report });
    }
  }
  checkNames(groups);
  const loop = findLoop(groups);
  if (loop && loop.at(-1) !== loop[0]) {
    const name = loop[0] ?? '';
    groups.get(name)?.report({
      code: 'GROUPS_TOO_DEEP',
      path: ['groups', name],
      message: `groups are nested more than ${MOST_DEPTH} deep below "${name}"`,
      hint: 'nest fewer groups',
    });
  } else if (loop) {
    const message = loop.length === 2 ? `group "${loop[0]}" contains itself` : `groups contain each other: ${loop.join(' → ')}`;
    groups
      .get(loop[0] ?? '')
      ?.report({ code: 'GROUP_LOOP', path: ['groups', loop[0] ?? '', 'groups'], message, hint: 'remove one of these groups from the other' });
  }
  return groups;
}

function membersOf(
  entries: readonly string[],
  { hosts, report, path }: { readonly hosts: ReadonlySet<string>; readonly report: Report; readonly path: readonly string[] },
): readonly string[] {
  return entries.flatMap((entry, index) => {
    const at = [...path, 'hosts', index];
    const names = expandRange(entry);
    if (!names) {
      report({ code: 'BAD_PATTERN', path: at, message: `"${entry}" is no host and no range`, hint: 'write a name, or a range such as web[01:20]' });
      return [];
    }
    const missing = names.find((name) => !hosts.has(name));
    if (missing === undefined) return names;
    const near = didYouMean(missing, hosts);
    report({
      code: 'UNKNOWN_HOST',
      path: at,
      message: `there is no host "${missing}"`,
      hint: near === undefined ? 'add it under "hosts"; groups go under "groups"' : `did you mean "${near}"?`,
    });
    return [];
  });
}

function checkNames(groups: Groups): void {
  for (const group of groups.values()) {
    if (group.name === 'all' && (group.hosts.length > 0 || group.groups.length > 0)) {
      group.report({ code: 'RESERVED_NAME', path: ['groups', 'all'], message: 'group "all" has every host anyway', hint: 'keep only its vars' });
    }
    for (const [index, name] of group.groups.entries()) {
      if (groups.has(name)) continue;
      const near = didYouMean(name, groups.keys());
      const hint = near === undefined ? 'add it under "groups"; hosts go under "hosts"' : `did you mean "${near}"?`;
      group.report({ code: 'UNKNOWN_GROUP', path: ['groups', group.name, 'groups', index], message: `there is no group "${name}"`, hint });
    }
  }
}

/** A chain of groups that ends where it begins. */
function findLoop(groups: Groups): readonly string[] | undefined {
  const done = new Set<string>();
  const visit = (name: string, trail: readonly string[]): readonly string[] | undefined => {
    if (trail.includes(name)) return [...trail.slice(trail.indexOf(name)), name];
    if (done.has(name)) return undefined;
    if (trail.length > MOST_DEPTH) return trail;
    for (const inner of groups.get(name)?.groups ?? []) {
      const loop = visit(inner, [...trail, name]);
      if (loop) return loop;
    }
    done.add(name);
    return undefined;
  };
  for (const name of groups.keys()) {
    const loop = visit(name, []);
    if (loop) return loop;
  }
  return undefined;
}

/** How deep below the top each group is; a group in two others counts the longer way. Only for groups without loops. */
export function depthsOf(groups: Groups): ReadonlyMap<string, number> {
  const depths = new Map<string, number>([...groups.keys()].map((name) => [name, 0]));
  const parents = new Map<string, string[]>();
  for (const group of groups.values()) for (const inner of group.groups) (parents.get(inner) ?? parents.set(inner, []).get(inner))?.push(group.name);
  const done = new Set<string>();
  const visit = (name: string): number => {
    if (!done.has(name)) {
      done.add(name);
      depths.set(name, Math.max(0, ...(parents.get(name) ?? []).map((parent) => visit(parent) + 1)));
    }
    return depths.get(name) ?? 0;
  };
  for (const name of groups.keys()) visit(name);
  return depths;
}

/** All hosts of a group and of the groups in it. */
export function hostsOf(groups: Groups, name: string): ReadonlySet<string> {
  const found = new Set<string>();
  const open = [name];
  const seen = new Set<string>();
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const group = groups.get(next);
    if (!group || seen.has(next)) continue;
    seen.add(next);
    for (const host of group.hosts) found.add(host);
    open.push(...group.groups);
  }
  return found;
}
