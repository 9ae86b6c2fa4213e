import { digestOf } from '../core/index.ts';
import type { PlanBody } from '../plan/index.ts';
import type { LockRow, Locks } from '../store/index.ts';

// Locks of changes. A run holds locks of its own while it acts (lock-names.ts). A change of a pull request holds `change:…` for everything that it changes: while its
// run goes on, and when it was applied before it is merged, until it is merged, closed, rolled back or unlocked. By then the default branch says what is there, and
// until then nobody else may change it.

/** Longest part of a backend that is kept as it is. */
const MOST_CHARS = 200;

/** Of a Pulumi stack: `stack:<backend>:<program>/<name>`. The backend is an address; credentials and queries are no part of the name. */
export function stackLock(backend: string, stack: string): string {
  return `stack:${placeOf(backend)}:${stack}`;
}

/** Of the hosts that a pattern takes from a group or by name: `hosts:web`, one for each name in `web:&eu:!canary` that is not taken away. */
export function hostGroupLocks(pattern: string): readonly string[] {
  const names = pattern.split(/[:,]/).map((part) => part.trim().replace(/^&/, ''));
  return [...new Set(names.filter((name) => name !== '' && !name.startsWith('!')))].sort().map((name) => `hosts:${name.slice(0, MOST_CHARS)}`);
}

/** What a change holds beside the lock of a run. */
export function changeLock(lock: string): string {
  return `change:${lock}`;
}

/** Who holds the locks of a pull request. */
export function pullHolder(host: string, repo: string, number: number): string {
  return `pull:${host}/${repo}#${number}`;
}

/** Locks of everything that a plan changes. */
export function locksOf({ graph, stacks }: Pick<PlanBody, 'graph' | 'stacks'>, backend: string): readonly string[] {
  const patterns = Object.values(graph.nodes).flatMap(({ mutates, hosts }) => (mutates && hosts ? [hosts.pattern] : []));
  const called = Object.values(graph.calls).flatMap((child) => locksOf({ graph: child, stacks: {} }, backend));
  return [...new Set([...Object.keys(stacks).map((stack) => stackLock(backend, stack)), ...patterns.flatMap(hostGroupLocks), ...called])].sort();
}

/** Changes that hold any of these locks, but for one holder. */
export async function heldByOthers(locks: Locks, wanted: readonly string[], holder: string | undefined): Promise<readonly LockRow[]> {
  const names = new Set(wanted.map(changeLock));
  return (await locks.locks()).filter(({ lock, heldBy }) => names.has(lock) && heldBy !== undefined && heldBy.holder !== holder);
}

function placeOf(backend: string): string {
  const url = URL.canParse(backend) ? new URL(backend) : undefined;
  const plain = url ? `${url.protocol}//${url.host}${url.pathname}`.replace(/\/+$/, '') : backend;
  return plain.length <= MOST_CHARS ? plain : digestOf(plain);
}
