import type { FactsOf, KindFacts } from '../../decide/context.ts';
import type { PlanGraph } from '../../../plan/index.ts';
import type { KindTable } from '../contract.ts';

/**
 * What the brain needs to know of kinds: those that wait are code of the workflow, of the others it knows what the run was started with. Schemas take longer to
 * load than a short run takes, so they are loaded only for runs that have something to wait for.
 */
export async function factsFrom(table: KindTable, { nodes }: PlanGraph): Promise<FactsOf> {
  const others = new Map<string, KindFacts>(
    Object.entries(table).map(([uses, { target, probes, describes = false }]) => [
      uses,
      { target, describesHosts: describes, ...(probes ? { probe: true, probeHost: true } : {}) },
    ]),
  );
  const waits = Object.values(nodes).some(({ uses }) => !others.has(uses));
  const control = waits ? (await import('../../../steps/control/index.ts')).controlKinds : [];
  const byName = new Map<string, KindFacts>(control.map((kind) => [kind.uses, kind as KindFacts])); // by its own list, every one of them waits
  return (uses) => byName.get(uses) ?? others.get(uses);
}
