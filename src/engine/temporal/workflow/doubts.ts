import type { FactsOf } from '../../decide/context.ts';
import type { EventBody } from '../../events.ts';
import type { RunData } from '../../state.ts';

/** Attempts of a driver that is no more: nobody knows how far they came. */
export function doubtsOf(data: RunData, factsOf: FactsOf): readonly EventBody[] {
  return [...data.tasks.values()].flatMap(({ path, node, state, attempt }) => {
    const uses = data.created?.graph.nodes[node]?.uses ?? '';
    return state === 'running' && factsOf(uses)?.target !== 'control' ? [{ type: 'stepInDoubt', path, attempt } as const] : [];
  });
}
