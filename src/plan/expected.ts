import { type JsonObject, parseDuration } from '../core/index.ts';
import { fillIn } from './graph/build.ts';
import { forwardOrder } from './order.ts';
import type { PlanGraph, PlanNode, PlanPhase } from './types.ts';

/** Durations in milliseconds of earlier runs of the same step, by path. */
export interface DurationHistory {
  readonly [path: string]: readonly number[];
}
export interface ExpectedDuration {
  /** Along the critical path; without waiting for people, signals and windows. */
  readonly ms: number;
  readonly phases: readonly { readonly phase: string; readonly ms: number }[];
  /** The nodes that decide how long the run takes. */
  readonly criticalPath: readonly string[];
  /** Nodes on any path whose duration is not known; they count as 0, so that `ms` is a lower bound when there are some. */
  readonly unknown: readonly string[];
}

/**
 * How long a run should take: the median of earlier runs for each step, times written in the runbook for pauses and probes,
 * added up along the longest chain of needs. `inputs` are the plan's, because pauses and probes may be given by them; a phase with a `timeout` takes no longer than that.
 */
export function expectedDuration(graph: PlanGraph, history: DurationHistory, inputs: JsonObject = {}): ExpectedDuration {
  const known = (node: PlanNode) => knownDuration(node, history, inputs);
  const phases = graph.phases.map((phase) => ({ phase: phase.id, ...longest(graph, phase, known) }));
  return {
    ms: phases.reduce((sum, { ms }) => sum + ms, 0),
    phases: phases.map(({ phase, ms }) => ({ phase, ms })),
    criticalPath: phases.flatMap(({ path }) => path),
    unknown: graph.phases.flatMap((phase) =>
      forwardOrder(graph, phase)
        .filter((node) => isOnPath(node) && known(node) === undefined)
        .map(({ path }) => path),
    ),
  };
}

type Known = (node: PlanNode) => number | undefined;
function longest(graph: PlanGraph, phase: PlanPhase, known: Known): { readonly ms: number; readonly path: readonly string[] } {
  const ends = new Map<string, { readonly ms: number; readonly path: readonly string[] }>();
  let best: { ms: number; path: readonly string[] } = { ms: 0, path: [] };
  for (const path of phase.waves.flat()) {
    const node = graph.nodes[path];
    if (!node) continue;
    const before = node.needs.flatMap((need) => ends.get(need) ?? []).sort((a, b) => b.ms - a.ms)[0] ?? { ms: 0, path: [] };
    const end = { ms: before.ms + (known(node) ?? 0), path: [...before.path, path] };
    ends.set(path, end);
    if (end.ms > best.ms || best.path.length === 0) best = end;
  }
  return { ms: Math.min(best.ms, phase.timeoutMs ?? Infinity), path: best.path };
}

/** Rescues and cases run sometimes, finally nodes hardly count. */
function isOnPath(node: PlanNode): boolean {
  return node.role === 'step' && !WAITS_FOR_OTHERS.has(node.uses);
}
const WAITS_FOR_OTHERS: ReadonlySet<string> = new Set(['approval', 'manual', 'wait.signal', 'wait.until', 'switch']);

function knownDuration(node: PlanNode, history: DurationHistory, inputs: JsonObject): number | undefined {
  const earlier = history[node.path] ?? [];
  if (node.uses !== 'pause' && earlier.length > 0) return median(earlier);
  const written = ['warmUp', 'abCheck', 'duration'].map((member) => writtenMs(fillIn(node.with[member] ?? null, { inputs }, []).value));
  return written.some((ms) => ms !== undefined) ? written.reduce<number>((sum, ms) => sum + (ms ?? 0), 0) : undefined;
}

function writtenMs(value: unknown): number | undefined {
  return typeof value === 'string' ? parseDuration(value) : undefined;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? (sorted[middle] ?? 0) : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
}
