import { isArray, isObject, type Json, type JsonObject, parseDuration } from '../../core/index.ts';
import { toJson } from '../bundle.ts';
import { fillIn } from '../graph/build.ts';
import { environmentsFor, factsIn, hostOf, stacksOf } from './estate.ts';
import type { PolicyActor, PolicyInput, PolicyPhase, PolicyRollback, PolicyStep } from './document.ts';
import { metricSourcesOf } from './metric-sources.ts';
import { blastRadiusOf } from './radius.ts';
import { type Fill, isProduction, objectOf, policyStepsOf } from './steps.ts';
import type { PlanBody, PlanGraph, PlanPhase } from '../types.ts';
import { spanAt } from '../window/spans.ts';

/** What a judgement knows beside the plan. */
export interface PolicyContext {
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly actor: PolicyActor;
  /** `user:<name>` of whoever wrote or committed the change. */
  readonly authors: readonly string[];
}

/** The document that policies judge (`PolicyInput`); docs/policy-input.md describes it. It says nothing of the verdict, which it leads to. */
export function policyInput(body: Omit<PlanBody, 'verdict'>, context: PolicyContext): JsonObject {
  const { graph } = body;
  const fill = (environment: string | undefined, value: Json) => fillIn(value, scopeOf(body, environment), body.inputs.secrets);
  const steps = policyStepsOf(graph, fill);
  const facts = factsIn(body.previews);
  const phases = graph.phases.map((phase, index) => phaseOf(graph, phase, { index, now: context.now, steps, fill }));
  const input: PolicyInput = {
    version: 1,
    now: new Date(context.now).toISOString(),
    rehearsal: body.rehearsal,
    actor: context.actor,
    authors: context.authors,
    commit: body.commit,
    runbook: runbookOf(body),
    inputs: body.inputs,
    phases,
    steps,
    stacks: stacksOf(body),
    metricSources: metricSourcesOf(phases, steps),
    hosts: Object.values(graph.hosts).map((host) => hostOf(host, facts.get(host.name))),
    environments: environmentsFor(graph),
    cost: body.cost ?? {},
    blastRadius: blastRadiusOf(body, steps),
    rollback: rollbackRules(graph),
    sla: graph.sla.map(({ durationMs, ...rest }) => ({ ...rest, durationSeconds: durationMs / 1_000 })),
    calls: Object.keys(graph.calls).sort(),
  };
  return toJson(input);
}

function scopeOf(body: Omit<PlanBody, 'verdict'>, environment: string | undefined): JsonObject {
  return {
    inputs: body.inputs.values,
    runbook: body.graph.metadata,
    environment: (environment === undefined ? undefined : body.graph.environment[environment]) ?? {},
  };
}

function runbookOf({ runbook, graph }: Omit<PlanBody, 'verdict'>): PolicyInput['runbook'] {
  const { owner, tier, description, labels } = graph.metadata;
  return {
    ...runbook,
    ...(typeof owner === 'string' ? { owner } : {}),
    ...(typeof tier === 'number' ? { tier } : {}),
    ...(typeof description === 'string' ? { description } : {}),
    labels:
      labels !== undefined && isObject(labels)
        ? Object.fromEntries(Object.entries(labels).map(([name, value]) => [name, typeof value === 'string' ? value : JSON.stringify(value)]))
        : {},
  };
}

interface PhaseContext {
  readonly index: number;
  readonly now: number;
  readonly steps: readonly PolicyStep[];
  readonly fill: Fill;
}
function phaseOf(graph: PlanGraph, phase: PlanPhase, { index, now, steps, fill }: PhaseContext): PolicyPhase {
  const here = steps.filter((step) => step.phase === phase.id && step.role !== 'compensate');
  const point = here.find(({ pointOfNoReturn }) => pointOfNoReturn)?.path;
  const analysis = graph.nodes[`${phase.id}/@analysis`];
  return {
    id: phase.id,
    type: phase.type,
    index,
    ...(phase.environment === undefined ? {} : { environment: phase.environment }),
    production: isProduction(graph, phase.environment),
    ...(phase.if === undefined ? {} : { if: phase.if }),
    steps: phase.nodes,
    waves: phase.waves,
    hosts: [...new Set(here.flatMap(({ hosts }) => hosts?.names ?? []))].sort(),
    mutates: here.some(({ mutates }) => mutates),
    ...approvalOf(here, phase),
    ...windowOf(phase, now),
    ...(analysis ? { analysis: objectOf(fill(phase.environment, analysis.with).value) } : {}),
    ...(point === undefined ? {} : { pointOfNoReturn: point }),
    ...(phase.timeoutMs === undefined ? {} : { timeoutSeconds: phase.timeoutMs / 1_000 }),
    watches: phase.watch.map(({ path, uses, with: settings, intervalMs, failureLimit }) => ({
      path,
      uses,
      with: objectOf(fill(phase.environment, settings).value),
      intervalSeconds: intervalMs / 1_000,
      failureLimit,
    })),
  };
}

/** The gate before the phase, else the first approval among its steps. */
function approvalOf(steps: readonly PolicyStep[], phase: PlanPhase): Pick<PolicyPhase, 'approval'> {
  const gate = steps.find(({ path }) => path === `${phase.id}/@approval`) ?? steps.find(({ uses, role }) => uses === 'approval' && role === 'step');
  if (!gate) return {};
  const { approvers, required, perGroup, preventSelfApproval, timeout, onTimeout } = gate.with;
  const timeoutSeconds = secondsOf(timeout);
  return {
    approval: {
      path: gate.path,
      approvers: approvers !== undefined && isArray(approvers) ? approvers.map(String) : [],
      required: typeof required === 'number' ? required : 1,
      perGroup: typeof perGroup === 'number' ? perGroup : 0,
      preventSelfApproval: preventSelfApproval !== false,
      ...(timeoutSeconds === undefined ? {} : { timeoutSeconds }),
      onTimeout: typeof onTimeout === 'string' ? onTimeout : 'deny',
    },
  };
}

function windowOf({ window, onOverrun }: PlanPhase, now: number): Pick<PolicyPhase, 'window'> {
  if (!window) return {};
  const open = spanAt(window, now);
  const next = open ?? window.find(({ from }) => from >= now);
  const iso = (at: number) => new Date(at).toISOString();
  return {
    window: {
      onOverrun,
      openNow: open !== undefined,
      ...(next ? { next: { from: iso(next.from), to: iso(next.to) } } : {}),
      openings: window.filter(({ to }) => to > now).length,
    },
  };
}

function rollbackRules(graph: PlanGraph): PolicyRollback {
  const nodes = Object.values(graph.nodes);
  const point = nodes.find(({ pointOfNoReturn }) => pointOfNoReturn)?.path;
  return {
    on: graph.rollback.on,
    budgetSeconds: graph.rollback.budgetMs / 1_000,
    git: graph.rollback.git,
    steps: nodes.filter(({ role }) => role === 'compensate' || role === 'rollback').length,
    ...(point === undefined ? {} : { pointOfNoReturn: point }),
  };
}

function secondsOf(duration: Json | undefined): number | undefined {
  const ms = typeof duration === 'string' ? parseDuration(duration) : undefined;
  return ms === undefined ? undefined : ms / 1_000;
}
