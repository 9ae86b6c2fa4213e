import { TERMINAL_STATES, type RunState } from './events.ts';
import { indexOf } from './graph-index.ts';
import type { RunData } from './state.ts';

/** The state people see: worked out from what is going on, in the order of what matters most. */
export function runStateOf(data: RunData): RunState {
  if (data.finished) return data.finished.state;
  if (data.startedAt === undefined) return 'queued';
  const isAsking = [...data.attention.keys()].some((path) => isRelevant(data, path));
  if (data.rollback) return isAsking && !hasWork(data) ? 'attention' : 'rollingBack';
  if (data.cancel) return isAsking && !hasWork(data) ? 'attention' : 'cancelling';
  if (isAsking) return 'attention';
  if (data.paused) return 'paused';
  return isWaiting(data) ? 'waiting' : 'running';
}

/** Is nothing left that could happen to this run? */
export function isTerminal(state: string): boolean {
  return (TERMINAL_STATES as readonly string[]).includes(state);
}

/** A run that winds down or rolls back has left its way forward: what was asked there holds nothing up any more. */
function isRelevant(data: RunData, path: string): boolean {
  if (path === '@rollback') return false;
  if (!data.rollback && !data.cancel) return true;
  const graph = data.created?.graph;
  const node = data.tasks.get(path)?.node ?? '';
  return graph !== undefined && ((data.rollback !== undefined && indexOf(graph).inRollback.has(node)) || isEnding(data, node));
}

/** Is it a `finally`, or below one? */
function isEnding(data: RunData, path: string): boolean {
  const node = data.created?.graph.nodes[path];
  return node !== undefined && (node.role === 'finally' || (node.owner !== undefined && isEnding(data, node.owner)));
}

function hasWork(data: RunData): boolean {
  const busy = [...data.tasks.values()].filter(({ state }) => state === 'running' || state === 'retrying' || state === 'waiting');
  return busy.some(({ path }) => isRelevant(data, path));
}

/** Something waits for a person, a signal or a time, and nothing else goes on. */
function isWaiting(data: RunData): boolean {
  const states = [...data.tasks.values()].map(({ state }) => state);
  const isBetween = [...data.phases.values()].every(({ state }) => state !== 'running');
  return (states.includes('waiting') || isBetween) && !states.includes('running') && !states.includes('retrying');
}
