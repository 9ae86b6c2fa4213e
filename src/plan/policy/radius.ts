import type { BlastRadius, PolicyStep } from './document.ts';
import type { PlanBody } from '../types.ts';

/** How much one run can touch, counted over the forward path. */
export function blastRadiusOf({ graph, previews }: Pick<PlanBody, 'graph' | 'previews'>, steps: readonly PolicyStep[]): BlastRadius {
  const forward = steps.filter(({ role, mutates }) => mutates && role !== 'compensate' && role !== 'rollback');
  const touched = new Set(forward.flatMap(({ hosts }) => hosts?.names ?? []));
  const stacks = Object.values(previews).flatMap((preview) => (preview.type === 'stack' ? [preview] : []));
  const count = (op: keyof BlastRadius['resources']) => stacks.reduce((sum, { preview }) => sum + (preview.counts[op] ?? 0), 0);
  return {
    hosts: touched.size,
    stacks: new Set(stacks.map(({ stack }) => stack)).size,
    resources: { create: count('create'), update: count('update'), replace: count('replace'), delete: count('delete'), import: count('import') },
    mutatingSteps: forward.length,
    irreversibleSteps: forward.filter(({ role, compensations }) => (role === 'step' || role === 'case') && compensations.length === 0).length,
    environments: Object.keys(graph.environment).sort(),
    zones: [...new Set([...touched].flatMap((name) => graph.hosts[name]?.zone ?? []))].sort(),
  };
}
