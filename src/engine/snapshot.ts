import { publish, publishNode } from './evolve/publish.ts';
import type { RunData, Task } from './state.ts';

/**
 * The state of a run as plain JSON: small, because what follows from the rest (`steps` and `published`) is left out. Versioned, because a run may be
 * carried on by a newer Slipway than the one that wrote it.
 */
export interface RunSnapshot extends Omit<RunData, 'phases' | 'tasks' | 'items' | 'published' | 'steps' | Sets | Maps> {
  readonly version: 1;
  readonly phases: Entries<RunData['phases']>;
  readonly tasks: readonly Task[];
  readonly items: Entries<RunData['items']>;
  readonly breachedSla: readonly string[];
  readonly closedWindows: readonly string[];
  readonly breachedWatch: Entries<RunData['breachedWatch']>;
  readonly attention: Entries<RunData['attention']>;
}
type Sets = 'breachedSla' | 'closedWindows';
type Maps = 'breachedWatch' | 'attention';
type Entries<M> = M extends ReadonlyMap<infer K, infer V> ? readonly (readonly [K, V])[] : never;

/** Shares its parts with the state: write it down before the state changes. */
export function snapshotOf(data: RunData): RunSnapshot {
  const { phases, tasks, items, published: _fromTasks, steps: _alsoFromTasks, breachedSla, closedWindows, breachedWatch, attention, ...plain } = data;
  return {
    version: 1,
    ...plain,
    phases: [...phases],
    tasks: [...tasks.values()],
    items: [...items],
    breachedSla: [...breachedSla],
    closedWindows: [...closedWindows],
    breachedWatch: [...breachedWatch],
    attention: [...attention],
  };
}

/** The state that a snapshot was made of; takes the snapshot over. */
export function restored(snapshot: RunSnapshot): RunData {
  const { version: _one, phases, tasks, items, breachedSla, closedWindows, breachedWatch, attention, ...plain } = snapshot;
  const data: RunData = {
    ...plain,
    phases: new Map(phases),
    tasks: new Map(tasks.map((task) => [task.path, task])),
    items: new Map(items),
    published: new Map(),
    steps: {},
    breachedSla: new Set(breachedSla),
    closedWindows: new Set(closedWindows),
    breachedWatch: new Map(breachedWatch),
    attention: new Map(attention),
  };
  for (const path of data.items.keys()) publishNode(data, path);
  for (const task of data.tasks.values()) publish(data, task);
  return data;
}
