import { isObject, type JsonObject, type Parsed } from '../../core/index.ts';
import type { ResolvedStep, RollbackTrigger } from '../../runbook/index.ts';
import type { PlanGraph } from '../types.ts';
import { type Build, environmentOf, type GraphRequest, metadataOf, report, resolve, startBuild } from './build.ts';
import { callsOf } from './calls.ts';
import { addPhase } from './phase.ts';
import { addSteps } from './steps.ts';
import { shareTrafficUndos } from './traffic.ts';

/** Phase of the nodes of `rollback.steps`; no phase of a runbook can have this id. */
export const ROLLBACK_PHASE = '@rollback';
const TRIGGERS: readonly RollbackTrigger[] = ['analysisFailed', 'healthFailed', 'slaBreached', 'manual'];
const BUDGET_MS = 10 * 60_000;

/** Turn a runbook and what is known about its estate into the graph a run follows, or say everything that is wrong. Pure: `now` counts by its UTC day only. */
export function makeGraph(request: GraphRequest): Parsed<PlanGraph> {
  const build = startBuild(request);
  const graph = graphOf(build, [request.runbook.name]);
  return build.problems.length > 0 ? { ok: false, problems: build.problems } : { ok: true, value: graph, problems: [] };
}

function graphOf(build: Build, callers: readonly string[]): PlanGraph {
  const { runbook } = build.runbook;
  const earlier = new Set<string>();
  const phases = runbook.phases.map((phase) => {
    const planned = addPhase(build, phase, new Set(earlier));
    for (const id of idsOf(phase.steps)) earlier.add(id);
    return planned;
  });
  const last = { id: ROLLBACK_PHASE, type: 'custom' as const };
  addSteps(build, runbook.rollback?.steps ?? [], { phase: last, role: 'rollback', prefix: ROLLBACK_PHASE, gates: [], earlier });
  shareTrafficUndos(build);
  const calls = callsOf(build, callers, (parent, called, inputs) => {
    const child: Build = { ...parent, runbook: called, inputs, nodes: new Map(), hosts: new Map(), problems: parent.problems };
    return graphOf(child, [...callers, called.name]);
  });
  return {
    runbook: build.runbook.name,
    metadata: metadataOf(build.runbook),
    phases,
    nodes: sorted(build.nodes),
    hosts: sorted(build.hosts),
    ...concurrencyOf(build),
    sla: (runbook.sla ?? []).map(({ id, phase, duration, behavior }) => ({
      id,
      ...(phase === undefined ? {} : { phase }),
      durationMs: duration,
      behavior: behavior ?? 'none',
    })),
    rollback: { on: runbook.rollback?.on ?? TRIGGERS, budgetMs: runbook.rollback?.budget ?? BUDGET_MS, git: runbook.rollback?.git ?? 'none' },
    environment: environmentsOf(build),
    outputs: objectAt(build.runbook.source, 'outputs'),
    ...operationOf(build),
    calls,
  };
}

function* idsOf(steps: readonly ResolvedStep[]): Generator<string> {
  for (const step of steps) yield step.id;
}

/** In file order: phase by phase, nested nodes after their owner. */
function sorted<T>(map: ReadonlyMap<string, T>): { readonly [name: string]: T } {
  return Object.fromEntries(map);
}

function concurrencyOf(build: Build): Pick<PlanGraph, 'concurrency'> {
  const rule = build.runbook.runbook.concurrency;
  if (!rule) return {};
  const group = resolve(build, undefined, rule.group);
  if (!group.known || typeof group.value !== 'string') {
    report(build, 'GROUP_UNKNOWN', 'concurrency.group', { message: `"${rule.group}" is not known before the run`, hint: 'choose the group by inputs only' });
    return {};
  }
  return { concurrency: { group: group.value, queue: rule.queue ?? 'fifo', max: rule.max ?? 1 } };
}

/** Environments that phases name, by name; expressions of a phase see its own. */
function environmentsOf(build: Build): JsonObject {
  const names = [...new Set(build.runbook.runbook.phases.flatMap(({ environment }) => environment ?? []))].sort();
  return Object.fromEntries(names.map((name) => [name, environmentOf(build.environments.get(name))]));
}

function objectAt(source: JsonObject, name: string): JsonObject {
  const value = source[name];
  return value !== undefined && isObject(value) ? value : {};
}

/** What happens around a run; nothing where nothing is said, so that the digests of older plans stay. */
function operationOf({ runbook: { runbook }, environments }: Build): Pick<PlanGraph, 'notifications' | 'remediation'> {
  const names = [...new Set(runbook.phases.flatMap(({ environment }) => environment ?? []))].sort();
  const theirs = names.flatMap((environment) => (environments.get(environment)?.environment.notifications ?? []).map((rule) => ({ ...rule, environment })));
  const notifications = [...(runbook.notifications ?? []), ...theirs];
  const { remediation } = runbook;
  return {
    ...(notifications.length === 0 ? {} : { notifications }),
    ...(remediation ? { remediation: { runbook: remediation.runbook, inputs: remediation.inputs ?? {}, start: remediation.start ?? 'asked' } } : {}),
  };
}
