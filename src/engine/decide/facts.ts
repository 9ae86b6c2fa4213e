import { isObject, type JsonObject } from '../../core/pure.ts';
import type { RunData } from '../state.ts';
import type { Decision } from './context.ts';

const found = new WeakMap<RunData, { readonly seq: number; readonly facts: JsonObject }>();

/** What hosts have said of themselves so far in this run, by name. A later answer adds to an earlier one. */
export function factsOf({ data, graph, kindOf }: Pick<Decision, 'data' | 'graph' | 'kindOf'>): JsonObject {
  const known = found.get(data);
  if (known?.seq === data.seq) return known.facts;
  const facts: { [host: string]: JsonObject } = {};
  for (const { node, hosts } of data.tasks.values()) {
    const kind = kindOf(graph.nodes[node]?.uses ?? '');
    if (kind?.target !== 'hosts' || kind.describesHosts !== true) continue;
    for (const [host, result] of Object.entries(hosts)) {
      const outputs = result === 'inDoubt' ? undefined : result.outputs;
      if (isObject(outputs)) facts[host] = { ...facts[host], ...outputs };
    }
  }
  found.set(data, { seq: data.seq, facts });
  return facts;
}
