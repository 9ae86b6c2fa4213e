import type { Action } from './actions.ts';
import type { RunState } from './events.ts';
import type { RunData } from './state.ts';
import { runStateOf } from './view.ts';

/** Can only a person move it on? Nothing is under way, and nothing is about to be tried again or to come in time. */
export function isStuck(state: RunState, { isEmpty, actions }: { readonly isEmpty: boolean; readonly actions: readonly Action[] }): boolean {
  if ((state !== 'attention' && state !== 'paused') || !isEmpty) return false;
  return !actions.some((action) => action.type === 'timer' && /^(?:retry|wait|deadline|gate) /.test(action.timer));
}

/** The same for whoever only sees the events: what should be going on tells what is. */
export function isResting(data: RunData, actions: readonly Action[]): boolean {
  const isBusy = [...data.tasks.values()].some(({ state, wait, child }) => state === 'running' || (state === 'waiting' && wait?.type === 'call' && !child));
  const isBeginning = actions.some(({ type }) => type === 'start' || type === 'probe' || type === 'record');
  return isStuck(runStateOf(data), { isEmpty: !isBusy && !isBeginning, actions });
}
