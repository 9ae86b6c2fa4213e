import type { JsonObject } from '../../core/index.ts';
import { expectedDuration, type PlanBundle } from '../../plan/index.ts';
import { nextWords, type PlanOptions } from './closing.ts';
import { viewOf } from './view.ts';

/** The plan itself (it can be applied as it is) and, under `summary`, what the text form says. */
export function planJson(bundle: PlanBundle, options: PlanOptions = {}): JsonObject {
  const { rollback, counts, stacks, hosts, mutating, approximate, phases } = viewOf(bundle, options.now);
  const summary = {
    decision: bundle.body.verdict.decision,
    changes: { steps: mutating, hosts, stacks, resources: counts, approximate },
    phases: phases.map(({ phase, gates, steps, production }) => ({
      id: phase.id,
      type: phase.type,
      production,
      gates,
      waves: phase.waves,
      steps: steps.map(({ node, nature }) => ({ path: node.path, label: node.label, uses: node.uses, nature })),
    })),
    rollback,
    expected: options.expected ?? expectedDuration(bundle.body.graph, {}, bundle.body.inputs.values),
    next: nextWords(bundle, options),
  };
  return JSON.parse(JSON.stringify({ ...bundle, summary })) as JsonObject; // made of JSON values; members that are not set go
}
