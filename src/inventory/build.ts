import type { JsonObject, Parsed, Problem } from '../core/index.ts';
import type { LoadedInventory } from '../runbook/index.ts';
import type { Host } from '../steps/index.ts';
import { type Entry, readEntries } from './entries.ts';
import { depthsOf, type Groups, hostsOf, readGroups } from './groups.ts';
import { checkJumps, jumpChain } from './jump.ts';
import type { IndexedHost, InventoryIndex, LoginReferences } from './types.ts';

const SSH_PORT = 22;
const USER = 'slipway';

/**
 * Put the inventories of a repository together. Variables: `defaults.vars` < group `all` < outer groups < inner groups < host;
 * groups of the same depth in the order of their names. A host without an address is reached by its name, on port 22 as user
 * `slipway` unless told otherwise.
 */
export function buildInventory(files: readonly LoadedInventory[]): Parsed<InventoryIndex> {
  const problems: Problem[] = [];
  const entries = readEntries(files, problems);
  const groups = readGroups(files, new Set(entries.keys()), problems);
  checkJumps(entries);
  if (problems.length > 0) return { ok: false, problems: problems.toSorted((a, b) => a.line - b.line) };
  const members = membersOf(groups, entries);
  return { ok: true, value: { hosts: hostsFrom(entries, groups, members), groups: members }, problems: [] };
}

/** Hosts of each group in inventory order. */
function membersOf(groups: Groups, entries: ReadonlyMap<string, Entry>): ReadonlyMap<string, readonly string[]> {
  const position = new Map([...entries.keys()].map((name, index) => [name, index]));
  const inOrder = (names: ReadonlySet<string>): string[] => [...names].sort((a, b) => (position.get(a) ?? 0) - (position.get(b) ?? 0));
  return new Map([...groups.keys()].filter((name) => name !== 'all').map((name) => [name, inOrder(hostsOf(groups, name))]));
}

function hostsFrom(entries: ReadonlyMap<string, Entry>, groups: Groups, members: ReadonlyMap<string, readonly string[]>): ReadonlyMap<string, IndexedHost> {
  const depths = depthsOf(groups);
  const groupsOfHost = new Map<string, string[]>([...entries.keys()].map((name) => [name, []]));
  for (const [group, names] of members) for (const name of names) groupsOfHost.get(name)?.push(group);
  const made = new Map<string, IndexedHost>();
  const make = (name: string): IndexedHost | undefined => {
    const entry = entries.get(name);
    const known = made.get(name);
    if (known || !entry) return known;
    const own = groupsOfHost.get(name) ?? [];
    const outerFirst = own.toSorted((a, b) => (depths.get(a) ?? 0) - (depths.get(b) ?? 0) || (a < b ? -1 : 1));
    const layers = [entry.defaults.vars ?? {}, ...['all', ...outerFirst].map((group) => groups.get(group)?.vars ?? {}), entry.entry.vars ?? {}];
    const jump = jumpChain(entries, name).flatMap((each) => make(each)?.host ?? []);
    const indexed = { host: hostOf(entry, { groups: own, vars: merged(layers), jump }), login: loginOf(entry) };
    made.set(name, indexed);
    return indexed;
  };
  // Jump hosts are made early, and yet the order is the inventory's.
  return new Map(
    [...entries.keys()].flatMap((name) => {
      const indexed = make(name);
      return indexed ? [[name, indexed] as const] : [];
    }),
  );
}

/** Later layers win, member by member. */
function merged(layers: readonly JsonObject[]): JsonObject {
  return Object.fromEntries(layers.flatMap((layer) => Object.entries(layer)));
}

function hostOf({ name, entry, defaults }: Entry, rest: Pick<Host, 'groups' | 'vars' | 'jump'>): Host {
  const zone = entry.zone ?? defaults.zone;
  const keys = entry.hostKey ?? [];
  const legacy = entry.legacy ?? defaults.legacy;
  return {
    name,
    address: entry.address ?? name,
    port: entry.port ?? defaults.port ?? SSH_PORT,
    user: entry.user ?? defaults.user ?? USER,
    ...(zone === undefined ? {} : { zone }),
    ...rest,
    login: {},
    hostKeys: typeof keys === 'string' ? [keys] : keys,
    ...((entry.shell ?? defaults.shell) === 'powershell' ? { shell: 'powershell' } : {}),
    ...(legacy === undefined || legacy.length === 0 ? {} : { legacy }),
  };
}

/** A host that names any credential of its own uses none of the defaults, so that they cannot mix. */
function loginOf({ entry, defaults }: Entry): LoginReferences {
  const hasOwn = [entry.privateKey, entry.passphrase, entry.password, entry.agent, entry.answers].some((value) => value !== undefined);
  const { privateKey, passphrase, password, agent, answers } = hasOwn ? entry : defaults;
  return {
    agent: agent ?? false,
    ...(privateKey === undefined ? {} : { privateKey }),
    ...(passphrase === undefined ? {} : { passphrase }),
    ...(password === undefined ? {} : { password }),
    ...(answers === undefined ? {} : { answers }),
    knownHosts: defaults.knownHosts ?? [],
  };
}
