import { isArray, type Json, type JsonObject } from '../../core/index.ts';
import {
  type Compensation,
  ownedBy,
  type PhaseRollback,
  type PlanBody,
  type PlanBundle,
  type PlanGraph,
  type PlanNode,
  type PlanPhase,
  rollbackOf,
  type RollbackPlan,
} from '../../plan/index.ts';
import type { Preview, StackOp } from '../../steps/index.ts';
import { clean } from '../clean.ts';
import { counted, durationWords, hostWords, spanWords } from './words.ts';

/** What a step is, at a glance. */
export type Nature = 'changes' | 'looks' | 'waits';
/** Where a step stands in its wave: alone, or beside others that may run at the same time. */
export type Bracket = 'alone' | 'first' | 'middle' | 'last';

export interface StepView {
  readonly node: PlanNode;
  readonly nature: Nature;
  readonly bracket: Bracket;
  /** Its previews; several for a foreach. */
  readonly previews: readonly (readonly [path: string, preview: Preview])[];
  /** `erp-new: 3 hosts`, `on failure: 2 steps` … */
  readonly notes: readonly string[];
}
export interface PhaseView {
  readonly phase: PlanPhase;
  readonly production: boolean;
  /** What has to happen before it starts: delay, approval, window, condition. */
  readonly gates: readonly string[];
  readonly steps: readonly StepView[];
  /** Labels of the steps that run at its end, whatever happened. */
  readonly last: readonly string[];
  readonly rollback: PhaseRollback;
}
/** A plan as people see it; text and Markdown only write it down. */
export interface PlanView {
  readonly bundle: PlanBundle;
  readonly phases: readonly PhaseView[];
  readonly rollback: RollbackPlan;
  readonly counts: { readonly [op in StackOp]?: number };
  readonly stacks: number;
  /** Hosts that mutating steps touch. */
  readonly hosts: number;
  /** Steps on the way forward that change something; nested ones too. */
  readonly mutating: number;
  readonly approximate: boolean;
}

/** @param now milliseconds since the epoch; openings of windows that are over by then are left out. */
export function viewOf(bundle: PlanBundle, now?: number): PlanView {
  const { graph, previews } = bundle.body;
  const rollback = rollbackOf(graph);
  const forward = Object.values(graph.nodes).filter(({ role, mutates }) => mutates && role !== 'compensate' && role !== 'rollback');
  const stacks = Object.values(previews).flatMap((preview) => (preview.type === 'stack' ? [preview] : []));
  const counts: { [op in StackOp]?: number } = {};
  for (const { preview } of stacks) {
    for (const op of Object.keys(preview.counts) as StackOp[]) counts[op] = (counts[op] ?? 0) + (preview.counts[op] ?? 0); // keys of that record
  }
  return {
    bundle,
    phases: graph.phases.map((phase, index) => phaseView(bundle.body, phase, { rollback: rollback.phases[index] ?? nothing(phase), now })),
    rollback,
    counts,
    stacks: new Set(stacks.map(({ stack }) => stack)).size,
    hosts: new Set(forward.flatMap(({ hosts }) => hosts?.names ?? [])).size,
    mutating: forward.length,
    approximate: stacks.some(({ preview }) => preview.approximate),
  };
}

/** Compensations in words: `destroy aws-analytics/prod`, with hosts when it runs on some. */
export function compensationWords(body: PlanBody, { path, band }: Compensation): string {
  const node = body.graph.nodes[path];
  if (!node) return path;
  const hosts = node.hosts ? ` (${counted(node.hosts.names.length, 'host')})` : '';
  const marked = band === 'early' ? 'old side first: ' : band === 'traffic' ? 'traffic: ' : '';
  return `${marked}${clean(node.label)}${hosts}`;
}

function phaseView(body: PlanBody, phase: PlanPhase, { rollback, now }: { readonly rollback: PhaseRollback; readonly now: number | undefined }): PhaseView {
  const { graph } = body;
  const environment = phase.environment === undefined ? undefined : graph.environment[phase.environment];
  return {
    phase,
    production: typeof environment === 'object' && environment !== null && !isArray(environment) && environment['production'] === true,
    gates: gatesOf(body, phase, now),
    steps: phase.waves.flatMap((wave) => wave.flatMap((path, index) => stepView(body, path, bracketOf(index, wave.length)))),
    last: ownersOf(graph)(phase.id).map(({ label }) => clean(label)),
    rollback,
  };
}

function gatesOf({ graph }: PlanBody, phase: PlanPhase, now: number | undefined): readonly string[] {
  const approval = graph.nodes[`${phase.id}/@approval`];
  const after = graph.nodes[`${phase.id}/@after`];
  return [
    ...(phase.if === undefined ? [] : [`only if ${clean(phase.if)}`]),
    ...(after ? [`waits ${durationWords(after.with['duration'])} after the phase before`] : []),
    ...(approval ? [approvalWords(approval.with)] : []),
    ...(phase.window ? [windowWords(phase, now)] : []),
  ];
}

function approvalWords({ approvers, required, perGroup }: JsonObject): string {
  const names = approvers !== undefined && isArray(approvers) ? approvers.map((each) => clean(typeof each === 'string' ? each : '')).join(', ') : '';
  const each = typeof perGroup === 'number' && perGroup > 0 ? `, at least ${perGroup} of each` : '';
  return `needs ${counted(typeof required === 'number' ? required : 1, 'approval')} of ${names}${each}`;
}

function windowWords({ window = [], onOverrun }: PlanPhase, now: number | undefined): string {
  const openings = now === undefined ? window : window.filter(({ to }) => to > now);
  if (openings.length === 0) return 'has a window that does not open any more within 400 days';
  // The first may be over already when nobody tells the time; two are enough for people to see when it is.
  const shown = openings.slice(0, 2).map(spanWords).join(', ');
  const more = openings.length > 2 ? `, and ${counted(openings.length - 2, 'more opening')}` : '';
  const overrun = onOverrun === 'finish' ? '' : `; ${onOverrun === 'pause' ? 'pauses' : 'rolls back'} when it closes`;
  return `only in its window: ${shown}${more}${overrun}`;
}

/** Gates are told with the phase; they are no steps to read. */
function stepView(body: PlanBody, path: string, bracket: Bracket): readonly StepView[] {
  const node = body.graph.nodes[path];
  if (!node || path === `${node.phase}/@approval` || path === `${node.phase}/@after`) return [];
  const previews = Object.entries(body.previews).filter(([at]) => at === path || (at.startsWith(`${path}[`) && at.endsWith(']')));
  return [{ node, nature: natureOf(node), bracket, previews, notes: notesOf(body, node) }];
}

function natureOf(node: PlanNode): Nature {
  if (node.mutates) return 'changes';
  return node.timeoutMs === 0 ? 'waits' : 'looks';
}

function notesOf({ graph }: PlanBody, node: PlanNode): readonly string[] {
  const owned = ownersOf(graph)(node.path);
  const count = (role: PlanNode['role']) => owned.filter((each) => each.role === role).length;
  const branches = [...new Set(owned.flatMap(({ branch }) => branch ?? []))];
  return [
    hostWords(node),
    node.foreach === undefined ? '' : `for each of ${forEachWords(node.foreach)}`,
    node.if === undefined ? '' : `only if ${clean(node.if)}`,
    branches.length > 0 ? `cases: ${branches.map(clean).join(', ')}` : '',
    count('rescue') > 0 ? `on failure: ${counted(count('rescue'), 'step')}` : '',
    node.onFailure === 'fail' ? '' : `when it fails: ${node.onFailure}`,
  ].filter((note) => note !== '');
}

function forEachWords(foreach: Json): string {
  return isArray(foreach) ? counted(foreach.length, 'item') : clean(typeof foreach === 'string' ? foreach : '');
}

const owners = new WeakMap<PlanGraph, ReturnType<typeof ownedBy>>();
function ownersOf(graph: PlanGraph): ReturnType<typeof ownedBy> {
  const found = owners.get(graph) ?? ownedBy(graph);
  owners.set(graph, found);
  return found;
}

function bracketOf(index: number, size: number): Bracket {
  if (size === 1) return 'alone';
  return index === 0 ? 'first' : index === size - 1 ? 'last' : 'middle';
}

function nothing({ id }: PlanPhase): PhaseRollback {
  return { phase: id, own: [], all: [], uncovered: [], possible: true };
}
