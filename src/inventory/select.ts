import { digestOfBytes } from '../core/index.ts';
import type { Host } from '../steps/index.ts';
import { matchPattern } from './pattern.ts';
import type { HostOrder, InventoryIndex, LoginReferences, SelectionProblem } from './types.ts';

/**
 * Hosts of a pattern in run order, without credentials. An unknown name and an empty selection are problems. `shuffle` is the
 * same for the same pattern and hosts, so that a plan can be made again.
 */
export function selectHosts(
  index: InventoryIndex,
  pattern: string,
  order: HostOrder = 'inventory',
): { readonly hosts: readonly Host[]; readonly problems: readonly SelectionProblem[] } {
  const { names, problems } = matchPattern(index, pattern);
  return { hosts: ordered(names, pattern, order).flatMap((name) => index.hosts.get(name)?.host ?? []), problems };
}

/** `selectHosts` in the form the planner asks for: the hosts, or the first problem. */
export function hostSelector(
  index: InventoryIndex,
): (pattern: string, order: HostOrder) => { readonly hosts: readonly Host[] } | { readonly message: string; readonly hint: string } {
  return (pattern, order) => {
    const { hosts, problems } = selectHosts(index, pattern, order);
    const [first] = problems;
    return first ? { message: first.message, hint: first.hint } : { hosts };
  };
}

function ordered(names: readonly string[], pattern: string, order: HostOrder): readonly string[] {
  switch (order) {
    case 'inventory':
      return names;
    case 'reverse':
      return names.toReversed();
    case 'sorted':
      return names.toSorted();
    case 'shuffle': {
      const lots = new Map(names.map((name) => [name, digestOfBytes(`${pattern}\n${name}`)]));
      return names.toSorted((a, b) => ((lots.get(a) ?? '') < (lots.get(b) ?? '') ? -1 : 1));
    }
  }
}

/** Where the credentials of a host come from; undefined for an unknown host. */
export function loginOf(index: InventoryIndex, hostName: string): LoginReferences | undefined {
  return index.hosts.get(hostName)?.login;
}
