import { digestOf, type Json } from '../../../core/index.ts';
import { buildInventory, type InventoryIndex, selectHosts } from '../../../inventory/index.ts';
import type { LoadedInventory } from '../../../runbook/index.ts';
import type { Snapshot } from './snapshot.ts';

/** Says which selections of hosts two snapshots do not have in common. */
export interface HostChanges {
  /** Did any inventory change at all? */
  readonly any: boolean;
  isOther(pattern: string): boolean;
}

/** Compare selections by everything a run could see of a host, and by where its login comes from. What cannot be compared counts as changed. */
export function hostChanges(before: Snapshot, after: Snapshot, changed: ReadonlySet<string>): HostChanges {
  const any = sourcesOf(before) !== sourcesOf(after) || [before, after].some((snapshot) => knownHostsOf(snapshot).some((path) => changed.has(path)));
  if (!any) return { any, isOther: () => false };
  const [old, now] = [indexOf(before), indexOf(after)];
  const knownHosts = [...knownHostsOf(before), ...knownHostsOf(after)].some((path) => changed.has(path));
  const seen = new Map<string, boolean>();
  return {
    any,
    isOther: (pattern) => {
      const known = seen.get(pattern) ?? (knownHosts || !old || !now || pattern.includes('${{') || selectionOf(old, pattern) !== selectionOf(now, pattern));
      seen.set(pattern, known);
      return known;
    },
  };
}

function inventoriesOf({ documents }: Snapshot): readonly (LoadedInventory | undefined)[] {
  return documents.filter(({ kind }) => kind === 'Inventory').map(({ loaded }) => (loaded?.kind === 'Inventory' ? loaded : undefined));
}

function sourcesOf({ documents }: Snapshot): string {
  return digestOf(documents.filter(({ kind }) => kind === 'Inventory').map(({ name, raw }) => [name, raw]));
}

/** Files with host keys that inventories name. */
function knownHostsOf(snapshot: Snapshot): readonly string[] {
  return inventoriesOf(snapshot).flatMap((loaded) => loaded?.inventory.defaults?.knownHosts ?? []);
}

function indexOf(snapshot: Snapshot): InventoryIndex | undefined {
  const files = inventoriesOf(snapshot);
  const loaded = files.filter((file) => file !== undefined);
  if (loaded.length < files.length) return undefined;
  const built = buildInventory(loaded);
  return built.ok ? built.value : undefined;
}

function selectionOf(index: InventoryIndex, pattern: string): string {
  const { hosts, problems } = selectHosts(index, pattern);
  const reached = hosts.flatMap((host) => [host, ...host.jump]);
  const logins = reached.map(({ name }) => index.hosts.get(name)?.login ?? null);
  return digestOf(JSON.parse(JSON.stringify([hosts, logins, problems])) as Json); // what JSON.parse gives is JSON
}
