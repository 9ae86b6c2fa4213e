import { didYouMean } from '../core/index.ts';
import { expandRange, hasRange, matchesGlob } from './range.ts';
import type { InventoryIndex, SelectionProblem } from './types.ts';

interface Term {
  readonly operation: 'add' | 'keep' | 'drop';
  readonly text: string;
}

/**
 * Names of the hosts a pattern stands for, in inventory order.
 *
 * A pattern is a list of terms: `a:b` or `a,b` adds, `:&c` keeps what is also in c, `:!d` drops d; additions count first,
 * then `&`, then `!`, whatever their order. A term is a host, a group, `all`, a glob, a range `web[01:20]`, or a zone
 * (`@berlin` or `zone=berlin`). Without an addition the pattern starts from all hosts.
 */
export function matchPattern(index: InventoryIndex, pattern: string): { readonly names: readonly string[]; readonly problems: readonly SelectionProblem[] } {
  const terms = termsOf(pattern);
  if (!terms) return { names: [], problems: [badPattern(pattern)] };
  const problems: SelectionProblem[] = [];
  const sets = terms.map(({ operation, text }) => {
    const found = matchTerm(index, text);
    if ('message' in found) problems.push(found);
    return { operation, names: new Set('message' in found ? [] : found.names) };
  });
  if (problems.length > 0) return { names: [], problems };
  const added = sets.filter(({ operation }) => operation === 'add');
  const kept = sets.filter(({ operation }) => operation === 'keep');
  const dropped = sets.filter(({ operation }) => operation === 'drop');
  const names = [...index.hosts.keys()].filter(
    (name) =>
      (added.length === 0 || added.some((set) => set.names.has(name))) &&
      kept.every((set) => set.names.has(name)) &&
      !dropped.some((set) => set.names.has(name)),
  );
  return names.length > 0 ? { names, problems } : { names, problems: [empty(index, pattern)] };
}

function badPattern(pattern: string): SelectionProblem {
  return {
    code: 'BAD_PATTERN',
    message: `host pattern "${pattern}" cannot be read`,
    hint: 'write for example web, web:db, web:&eu:!canary, web[01:20] or @berlin',
  };
}

function empty(index: InventoryIndex, pattern: string): SelectionProblem {
  const hint = index.hosts.size === 0 ? 'add a file with kind: Inventory' : 'its terms have no host in common; check the groups of the inventory';
  return { code: 'NO_HOSTS', message: `host pattern "${pattern}" selects no host`, hint };
}

/** Split at colons and commas, but not at the colon inside a range. */
function termsOf(pattern: string): readonly Term[] | undefined {
  const parts = pattern.split(/[:,](?![^[]*\])/).map((part) => part.trim());
  const terms = parts.map((part): Term => {
    const operation = part.startsWith('&') ? 'keep' : part.startsWith('!') ? 'drop' : 'add';
    return { operation, text: operation === 'add' ? part : part.slice(1).trim() };
  });
  return terms.every(({ text }) => /^[\w@.*?=[\]:-]+$/.test(text)) ? terms : undefined;
}

function matchTerm(index: InventoryIndex, text: string): { readonly names: readonly string[] } | SelectionProblem {
  if (text === 'all' || text === '*') return { names: [...index.hosts.keys()] };
  const zone = /^(?:@|zone=)(.+)$/.exec(text)?.[1];
  if (zone !== undefined) return matchZone(index, zone);
  if (hasRange(text)) return matchRange(index, text);
  if (/[*?]/.test(text)) return matchGlob(index, text);
  const group = index.groups.get(text);
  if (group) return { names: group };
  return index.hosts.has(text) ? { names: [text] } : unknown(index, text);
}

function unknown(index: InventoryIndex, text: string): SelectionProblem {
  const near = didYouMean(text, [...index.groups.keys(), ...index.hosts.keys()]);
  const groups = [...index.groups.keys()].slice(0, 20).join(', ');
  const hint = near === undefined ? (groups === '' ? 'check the names in the inventory' : `groups of the inventory: ${groups}`) : `did you mean "${near}"?`;
  return { code: 'UNKNOWN_HOST', message: `there is no host or group "${text}"`, hint };
}

function matchZone(index: InventoryIndex, zone: string): { readonly names: readonly string[] } | SelectionProblem {
  const names = [...index.hosts.values()].filter(({ host }) => host.zone === zone).map(({ host }) => host.name);
  if (names.length > 0) return { names };
  const zones = [...new Set([...index.hosts.values()].flatMap(({ host }) => host.zone ?? []))];
  const near = didYouMean(zone, zones);
  const hint = near === undefined ? (zones.length === 0 ? 'no host has a zone' : `zones: ${zones.join(', ')}`) : `did you mean "${near}"?`;
  return { code: 'UNKNOWN_HOST', message: `no host is in zone "${zone}"`, hint };
}

function matchRange(index: InventoryIndex, text: string): { readonly names: readonly string[] } | SelectionProblem {
  const names = expandRange(text);
  if (!names) return badPattern(text);
  const missing = names.find((name) => !index.hosts.has(name));
  return missing === undefined ? { names } : { ...unknown(index, missing), message: `"${text}" names "${missing}", which is no host` };
}

function matchGlob(index: InventoryIndex, glob: string): { readonly names: readonly string[] } | SelectionProblem {
  const inGroups = [...index.groups].flatMap(([group, names]) => (matchesGlob(group, glob) ? names : []));
  const hosts = [...index.hosts.keys()].filter((name) => matchesGlob(name, glob));
  if (inGroups.length + hosts.length > 0) return { names: [...inGroups, ...hosts] };
  return { code: 'UNKNOWN_HOST', message: `no host or group matches "${glob}"`, hint: 'check the names in the inventory' };
}
