import assert from 'node:assert/strict';
import { parseAllDocuments } from 'yaml';
import { z } from 'zod';
import { digestOf, digestOfBytes, isObject, type Json, type JsonObject, type Problem } from '../../src/core/index.ts';
import { type GraphRequest, makeGraph, type PlanBody, type PlanGraph } from '../../src/plan/index.ts';
import {
  Calendar,
  Environment,
  type LoadedCalendar,
  type LoadedEnvironment,
  type LoadedRunbook,
  type ResolvedStep,
  Runbook,
  type Step,
} from '../../src/runbook/index.ts';
import { type AnyKind, defineStep, Duration, type Host } from '../../src/steps/index.ts';

export const NOW = Date.UTC(2026, 10, 23, 9, 30);
const at = () => ({ line: 1, column: 1 });

/** A host that needs nothing but a name. */
export function host(name: string, over: Partial<Host> = {}): Host {
  return { name, address: `${name}.internal`, port: 22, user: 'slipway', groups: [], vars: {}, jump: [], login: { agent: true }, hostKeys: [], ...over };
}

const noOutputs = z.strictObject({});
const done = async () => ({ status: 'ok', outputs: {} }) as const;
const step = (uses: string, shape: z.ZodObject, over: object = {}): AnyKind =>
  ({
    uses,
    summary: uses,
    with: shape,
    outputs: noOutputs,
    example: {},
    mutates: false,
    describe: () => uses,
    target: 'none',
    idempotency: 'safe',
    execute: done,
    ...over,
  }) as AnyKind; // what the planner never calls is left out
const loose = z.looseObject({});

/** Kinds of every shape the planner tells apart, under the names of the real ones. */
export const KINDS: readonly AnyKind[] = [
  defineStep({
    uses: 'pause',
    summary: 'wait',
    with: z.strictObject({ duration: Duration }),
    outputs: noOutputs,
    example: { duration: '1m' },
    mutates: false,
    describe: ({ duration }) => `pause ${duration / 1_000} s`,
    target: 'control',
    wait: ({ duration }, now) => ({ type: 'timer', until: now + duration }),
  }),
  step('approval', z.looseObject({ approvers: z.array(z.string()) }), { target: 'control', describe: () => 'approval' }),
  step('switch', z.strictObject({ value: z.json() }), { target: 'control' }),
  step('runbook.call', z.strictObject({ runbook: z.string(), inputs: z.record(z.string(), z.json()).default({}) }), { target: 'control' }),
  step('ssh.run', z.strictObject({ run: z.string(), env: z.record(z.string(), z.json()).optional() }), {
    target: 'hosts',
    mutates: true,
    idempotency: 'manual',
  }),
  step('ssh.facts', loose, { target: 'hosts' }),
  step('check.http', z.looseObject({ url: z.string() }), { failureTrigger: 'healthFailed', describe: ({ url }: { url: string }) => `check ${url}` }),
  step('pulumi.up', z.strictObject({ stack: z.string().regex(/^[a-z-]+\/[a-z-]+$/), config: z.record(z.string(), z.json()).optional() }), {
    target: 'stack',
    mutates: true,
    idempotency: 'probe',
    describe: ({ stack }: { stack: string }) => `up ${stack}`,
  }),
  step('pulumi.destroy', z.strictObject({ stack: z.string() }), { target: 'stack', mutates: true, idempotency: 'probe' }),
  step('traffic.setWeight', z.strictObject({ weight: z.number() }), {
    target: 'hosts',
    mutates: true,
    describe: ({ weight }: { weight: number }) => `send ${weight}% of the traffic to the candidate`,
    undo: (input: JsonObject) => ({ uses: 'traffic.setWeight', with: { ...input, weight: 0 }, first: 'traffic' }),
  }),
  step('bench.probe', loose),
  step('metrics.collect', loose, { takesSources: true }),
  step('check.metric', loose, { takesSources: true, failureTrigger: 'healthFailed' }),
  step('analysis', loose, { failureTrigger: 'analysisFailed' }),
  step('notify', loose, { mutates: false }),
];
export const kindOf = (uses: string) => KINDS.find((kind) => kind.uses === uses);

/** Hosts by group, for patterns that are one group name, or one host. */
export const GROUPS: { readonly [group: string]: readonly Host[] } = {
  web: [host('web-1', { zone: 'rack-a', jump: [host('bastion')] }), host('web-2', { zone: 'rack-b' }), host('web-3')],
  db: [host('db-1', { hostKeys: ['ssh-ed25519 AAAA'] })],
  lb: [host('lb-1')],
};

/** What the loader makes of a text; ids of steps without one are made up from their place. */
export function load(text: string): LoadedRunbook {
  const source = documentsOf(text)[0] ?? {};
  const { phases, rollback, ...runbook } = Runbook.parse(source);
  const steps = (list: readonly Step[] | undefined, path: string) =>
    (list ?? []).map((each, index) => resolved(each, sourceAt(source, `${path}[${index}]`), `${path}[${index}]`));
  return {
    kind: 'Runbook',
    file: 'runbooks/test.yaml',
    digest: digestOfBytes(text),
    name: runbook.metadata.name,
    source,
    at,
    runbook: {
      ...runbook,
      phases: phases.map((phase, index) => ({
        ...phase,
        steps: steps(phase.steps, `phases[${index}].steps`),
        finally: steps(phase.finally, `phases[${index}].finally`),
      })),
      ...(rollback ? { rollback: { ...rollback, steps: steps(rollback.steps, 'rollback.steps') } } : {}),
    },
  };
}

function resolved(step: Step, source: JsonObject, sourcePath: string): ResolvedStep {
  const { id, uses, with: _settings, run, env, rescue, finally: last, compensate, cases, default: other, ...rest } = step;
  const list = (steps: readonly Step[], name: string) =>
    steps.map((each, index) => resolved(each, sourceAt(source, `${name}[${index}]`), `${sourcePath}.${name}[${index}]`));
  const written = isObject(source['with']) ? source['with'] : {};
  return {
    ...rest,
    id: id ?? sourcePath.replaceAll(/[^a-z0-9]+/gi, '-'),
    uses: uses ?? 'ssh.run',
    with: run === undefined ? written : { run, ...(env ? { env: source['env'] ?? {} } : {}) },
    ...(rescue ? { rescue: list(rescue, 'rescue') } : {}),
    ...(last ? { finally: list(last, 'finally') } : {}),
    ...(compensate ? { compensate: list(compensate, 'compensate') } : {}),
    ...(cases ? { cases: Object.fromEntries(Object.entries(cases).map(([branch, steps]) => [branch, list(steps, `cases.${branch}`)])) } : {}),
    ...(other ? { default: list(other, 'default') } : {}),
    sourcePath,
  };
}

function sourceAt(source: JsonObject, path: string): JsonObject {
  let value: Json = source;
  for (const part of path.split(/[.[\]]+/).filter((each) => each !== '')) {
    // An array is indexed by the text of a number as well.
    value = (value as { readonly [key: string]: Json })[part] ?? null;
  }
  return isObject(value) ? value : {};
}

function documentsOf(text: string): readonly JsonObject[] {
  return parseAllDocuments(text, { merge: true }).map((document) => z.record(z.string(), z.json()).parse(document.toJS()));
}

export function environments(text: string): ReadonlyMap<string, LoadedEnvironment> {
  return new Map(
    documentsOf(text).map((source) => {
      const environment = Environment.parse(source);
      return [
        environment.metadata.name,
        { kind: 'Environment', environment, name: environment.metadata.name, file: 'e.yaml', digest: digestOf(source), source, at },
      ] as const;
    }),
  );
}
export function calendars(text: string): ReadonlyMap<string, LoadedCalendar> {
  return new Map(
    documentsOf(text).map((source) => {
      const calendar = Calendar.parse(source);
      return [
        calendar.metadata.name,
        { kind: 'Calendar', calendar, name: calendar.metadata.name, file: 'c.yaml', digest: digestOf(source), source, at },
      ] as const;
    }),
  );
}

export function request(text: string, over: Partial<GraphRequest> = {}): GraphRequest {
  return {
    runbook: load(text),
    inputs: { values: {}, secrets: [] },
    select: (pattern) => ({
      hosts:
        GROUPS[pattern] ??
        Object.values(GROUPS)
          .flat()
          .filter(({ name }) => name === pattern),
    }),
    environments: new Map(),
    calendars: new Map(),
    runbooks: new Map(),
    kindOf,
    now: NOW,
    ...over,
  };
}

/** The graph of a runbook whose phases are given as YAML. */
export function graphOf(phases: string, over: Partial<GraphRequest> = {}): PlanGraph {
  const made = makeGraph(request(runbookOf(phases), over));
  assert.ok(made.ok, JSON.stringify(made.problems, undefined, 1));
  return made.value;
}
export function problemsOf(phases: string, over: Partial<GraphRequest> = {}): readonly Problem[] {
  const made = makeGraph(request(runbookOf(phases), over));
  assert.ok(!made.ok, 'expected problems');
  return made.problems;
}
export const runbookOf = (rest: string) =>
  `apiVersion: slipway/v1\nkind: Runbook\nmetadata: {name: test, owner: team-test, tier: 2, labels: {app: shop}}\n${rest}`;

export function bodyOf(graph: PlanGraph, over: Partial<PlanBody> = {}): PlanBody {
  return {
    runbook: { name: graph.runbook, file: 'runbooks/test.yaml', digest: digestOf('runbook') },
    commit: { head: '6f1c0c9f4f3b7a0e5d2c1b0a9e8d7c6b5a493827', dirty: false, tree: `sha256:${'7'.repeat(64)}` },
    inputs: { values: {}, secrets: [] },
    graph,
    previews: {},
    stacks: {},
    policies: { digest: digestOf('policies'), names: ['baseline'] },
    inventory: digestOf('inventory'),
    environments: digestOf('environments'),
    tools: { slipway: '0.1.0', pulumi: '3.245.0', opa: '1.12.0' },
    rehearsal: false,
    expires: '2026-11-24T09:30:00.000Z',
    verdict: { decision: 'allow', findings: [] },
    ...over,
  };
}
