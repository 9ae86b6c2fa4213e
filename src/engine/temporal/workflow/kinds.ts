import { controlKinds } from '../../../steps/control/index.ts';
import type { FactsOf, KindFacts } from '../../decide/context.ts';
import type { KindTable } from '../contract.ts';

const control = new Map<string, KindFacts>(controlKinds.map((kind) => [kind.uses, kind as KindFacts])); // by its own list, every one of them waits

/** What the brain needs to know of kinds: those that wait are code of the workflow, of the others it knows what the run was started with. */
export function factsFrom(table: KindTable): FactsOf {
  const others = new Map<string, KindFacts>(
    Object.entries(table).map(([uses, { target, probes }]) => [uses, { target, ...(probes ? { probe: true, probeHost: true } : {}) }]),
  );
  return (uses) => control.get(uses) ?? others.get(uses);
}
