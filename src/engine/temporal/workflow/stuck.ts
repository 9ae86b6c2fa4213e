import type { Action } from '../../actions.ts';
import type { FactsOf } from '../../decide/context.ts';
import type { EventBody, RunState } from '../../events.ts';
import type { RunData } from '../../state.ts';

/** Can only a person move it on? Nothing is under way, and nothing is about to be tried again or to come in time. */
export function isStuck(state: RunState, { isEmpty, actions }: { readonly isEmpty: boolean; readonly actions: readonly Action[] }): boolean {
  if ((state !== 'attention' && state !== 'paused') || !isEmpty) return false;
  return !actions.some((action) => action.type === 'timer' && /^(?:retry|wait|deadline|gate) /.test(action.timer));
}

/** Attempts of a driver that is no more: nobody knows how far they came. */
export function doubtsOf(data: RunData, factsOf: FactsOf): readonly EventBody[] {
  return [...data.tasks.values()].flatMap(({ path, node, state, attempt }) => {
    const uses = data.created?.graph.nodes[node]?.uses ?? '';
    return state === 'running' && factsOf(uses)?.target !== 'control' ? [{ type: 'stepInDoubt', path, attempt } as const] : [];
  });
}
