import type { StartAction } from '../actions.ts';
import { type Chain, type ChainView, createChain } from './chain.ts';
import type { Drive } from './drive.ts';
import type { TaskControl } from './executor.ts';

/** The chains of a run that hosts go through now. */
export interface Chains {
  /** What a step of a chain needs to take part in it. */
  partOf(start: StartAction): { readonly chain?: NonNullable<TaskControl['chain']> };
  /** Something has happened to the run. */
  changed(): void;
}

export function createChains({ data }: Pick<Drive, 'data'>): Chains {
  const known = new Map<string, Chain>();
  return {
    partOf: ({ path, chain: paths }) => {
      const [head] = paths ?? [];
      if (!paths || head === undefined) return {};
      const chain = known.get(head) ?? createChain(paths, viewOf(data));
      known.set(head, chain);
      return { chain: (rule, results) => chain.spreadOf(path, rule, results) };
    },
    changed: () => {
      for (const chain of known.values()) chain.changed();
    },
  };
}

function viewOf(data: Drive['data']): ChainView {
  return {
    stateOf: (path) => data.tasks.get(path)?.state,
    resultOf: (path, host) => {
      const result = data.tasks.get(path)?.hosts[host];
      return result === 'inDoubt' ? undefined : result;
    },
  };
}
