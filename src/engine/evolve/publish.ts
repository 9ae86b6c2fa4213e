import type { JsonObject } from '../../core/pure.ts';
import type { StepState } from '../events.ts';
import type { RunData, Task } from '../state.ts';

/** What `steps.<id>` tells of the items of a foreach node, and how many of them are open or ended badly. */
export interface PublishedItems {
  readonly items: JsonObject[];
  open: number;
  bad: number;
}

/** Keep `steps.<id>` of the expression scope in step with a task. Constant time, also for one item of many. */
export function publish(data: RunData, task: Task): void {
  if (task.index !== undefined) return publishItem(data, task.node, task);
  const id = data.created?.graph.nodes[task.node]?.id;
  if (id !== undefined) data.steps[id] = { outputs: task.outputs, state: task.state, attempt: task.attempt };
}

/** Tell of a foreach node whose items have just become known. */
export function publishNode(data: RunData, path: string): void {
  const items = data.items.get(path) ?? [];
  const pending = items.map((): JsonObject => ({ outputs: {}, state: 'pending' }));
  data.published.set(path, { items: pending, open: items.length, bad: 0 });
  show(data, path);
}

function publishItem(data: RunData, path: string, { index = 0, outputs, state }: Task): void {
  const published = data.published.get(path);
  const before = published?.items[index]?.['state'];
  if (!published || before === undefined) return; // a compensation of an item: no expression can name it
  published.items[index] = { outputs, state };
  published.open += Number(isOpen(state)) - Number(isOpen(before));
  published.bad += Number(BAD.has(state)) - Number(BAD.has(before));
  show(data, path);
}

function show(data: RunData, path: string): void {
  const id = data.created?.graph.nodes[path]?.id;
  const published = data.published.get(path);
  if (id === undefined || !published) return;
  const { items, open, bad } = published;
  data.steps[id] = { items, outputs: {}, state: open > 0 ? 'running' : bad > 0 ? 'failed' : 'ok' };
}

const GOOD: ReadonlySet<unknown> = new Set<StepState>(['ok', 'changed', 'skipped']);
const BAD: ReadonlySet<unknown> = new Set<StepState>(['failed', 'timedOut', 'cancelled']);
function isOpen(state: unknown): boolean {
  return !GOOD.has(state) && !BAD.has(state);
}
