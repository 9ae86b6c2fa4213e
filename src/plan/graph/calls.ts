import { canonicalJson, didYouMean, isObject, type Json } from '../../core/index.ts';
import { toJson } from '../bundle.ts';
import type { LoadedRunbook } from '../../runbook/index.ts';
import type { PlanGraph, PlanInputs, PlanNode } from '../types.ts';
import { type Build, report, resolve } from './build.ts';

export type MakeChild = (build: Build, runbook: LoadedRunbook, inputs: PlanInputs) => PlanGraph | undefined;

/** Graphs of all runbooks that this one calls, by name. `callers` are the names on the way here. */
export function callsOf(build: Build, callers: readonly string[], makeChild: MakeChild): { readonly [runbook: string]: PlanGraph } {
  const graphs: { [runbook: string]: PlanGraph } = {};
  for (const node of build.nodes.values()) {
    if (node.uses !== 'runbook.call') continue;
    const runbook = calleeOf(build, node, callers);
    const graph = runbook && makeChild(build, runbook, inputsOf(build, node, runbook));
    if (!runbook || !graph) continue;
    const before = graphs[runbook.name];
    if (before && canonicalJson(toJson(before)) !== canonicalJson(toJson(graph))) {
      complain(build, node, 'CALL_CONFLICT', {
        message: `"${runbook.name}" is called twice with inputs that choose different hosts`,
        hint: 'make the hosts the same, or split the runbook',
      });
    }
    graphs[runbook.name] = graph;
  }
  return graphs;
}

function calleeOf(build: Build, node: PlanNode, callers: readonly string[]): LoadedRunbook | undefined {
  const name = valueOf(build, node, node.with['runbook'] ?? null);
  if (typeof name !== 'string') {
    return complain(build, node, 'CALL_UNKNOWN', {
      message: `"${node.id}" calls a runbook that is not known before the run`,
      hint: 'a plan covers what it calls; name the runbook, or choose it by an input',
    });
  }
  if (callers.includes(name)) return complain(build, node, 'CALL_CYCLE', { message: `runbooks call each other: ${[...callers, name].join(' calls ')}` });
  const runbook = build.runbooks.get(name);
  if (runbook) return runbook;
  const near = didYouMean(name, build.runbooks.keys());
  return complain(build, node, 'UNKNOWN_RUNBOOK', { message: `there is no runbook "${name}"`, ...(near ? { hint: `did you mean "${near}"?` } : {}) });
}

/** What is known of the child's inputs; the rest is checked when the call happens. */
function inputsOf(build: Build, node: PlanNode, runbook: LoadedRunbook): PlanInputs {
  const given = node.with['inputs'];
  const schemas = Object.entries(runbook.runbook.inputs ?? {});
  const values: { [name: string]: Json } = {};
  for (const [name, schema] of schemas) {
    const written = given !== undefined && isObject(given) ? given[name] : undefined;
    const value = written === undefined ? schema.default : valueOf(build, node, written);
    if (value !== undefined && schema.secret !== true) values[name] = value;
  }
  return {
    values,
    secrets: schemas
      .filter(([, schema]) => schema.secret === true)
      .map(([name]) => name)
      .sort(),
  };
}

function valueOf(build: Build, node: PlanNode, written: Json): Json | undefined {
  const phase = build.runbook.runbook.phases.find(({ id }) => id === node.phase);
  const { value, known } = resolve(build, phase?.environment, written);
  return known ? value : undefined;
}

function complain(build: Build, node: PlanNode, code: string, problem: { readonly message: string; readonly hint?: string }): undefined {
  report(build, code, pathOf(build, node), problem);
}

function pathOf(build: Build, node: PlanNode): string {
  const index = build.runbook.runbook.phases.findIndex(({ id }) => id === node.phase);
  const step = build.runbook.runbook.phases[index]?.steps.findIndex(({ id }) => id === node.id) ?? -1;
  return step < 0 ? `phases[${index}]` : `phases[${index}].steps[${step}].with.runbook`;
}
