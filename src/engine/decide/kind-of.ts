import type { Task } from '../state.ts';
import type { Decision } from './context.ts';

/** Does the task only wait? */
export function isControl({ graph, kindOf }: Decision, task: Pick<Task, 'node'>): boolean {
  return kindOf(graph.nodes[task.node]?.uses ?? '')?.target === 'control';
}
