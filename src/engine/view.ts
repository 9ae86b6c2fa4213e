import { TERMINAL_STATES, type RunState } from './events.ts';
import type { RunData } from './state.ts';

/** The state people see: worked out from what is going on, in the order of what matters most. */
export function runStateOf(data: RunData): RunState {
  if (data.finished) return data.finished.state;
  if (data.startedAt === undefined) return 'queued';
  const tasksInAttention = [...data.attention.keys()].some((path) => path !== '@rollback');
  if (data.rollback) return tasksInAttention && !hasWork(data) ? 'attention' : 'rollingBack';
  if (data.cancel) return 'cancelling';
  if (tasksInAttention) return 'attention';
  if (data.paused) return 'paused';
  return isWaiting(data) ? 'waiting' : 'running';
}

/** Is nothing left that could happen to this run? */
export function isTerminal(state: string): boolean {
  return (TERMINAL_STATES as readonly string[]).includes(state);
}

function hasWork(data: RunData): boolean {
  return [...data.tasks.values()].some(({ state }) => state === 'running' || state === 'retrying');
}

/** Something waits for a person, a signal or a time, and nothing else goes on. */
function isWaiting(data: RunData): boolean {
  const states = [...data.tasks.values()].map(({ state }) => state);
  const isBetween = [...data.phases.values()].every(({ state }) => state !== 'running');
  return (states.includes('waiting') || isBetween) && !states.includes('running') && !states.includes('retrying');
}
