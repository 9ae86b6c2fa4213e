import {
  confidenceAt,
  detectionDelay,
  type Goal,
  goalsOf,
  leastMargin,
  type Noise,
  noiseOf,
  parseEvidence,
  planLooks,
  sampleSize,
  slotLength,
} from '../analysis/index.ts';
import { type Digest, isObject, type JsonObject, type Problem } from '../core/index.ts';
import { partialDeep } from '../expr/index.ts';
import type { PlanBody, PlanGraph, PlanNode } from '../plan/index.ts';
import { type GoalPlan, type MeasuringPlan, unreachableWords } from '../report/index.ts';
import type { LoadedRunbook } from '../runbook/index.ts';
import { type AnalysisPlan, analysisPlan, plainMetric, type ProbePlan, probePlan } from '../steps/index.ts';
import type { RunJournal } from './wiring.ts';

type Planned = Pick<PlanBody, 'graph' | 'inputs' | 'rehearsal'>;

/** What every dual run of a plan needs to come to a verdict, at the noise of the latest run of the same sort in the journal, or at assumed noise. */
export async function measuringOf(journal: RunJournal | undefined, body: Planned): Promise<readonly MeasuringPlan[]> {
  const plans = Object.values(body.graph.nodes).map(async (node) => {
    if (node.uses !== 'analysis' || node.role !== 'step') return [];
    const probe = probeOf(body.graph, node);
    const asked = analysisPlan(settingsOf(body, node));
    const measured = probe && probePlan(settingsOf(body, probe));
    if (!probe || !asked || !measured) return [];
    return [planOf(node.path, { asked, measured, earlier: await earlierOf(journal, body, probe, asked) })];
  });
  return (await Promise.all(plans)).flat();
}

/** Margins of critical metrics that cannot be met in the time the runbook allows; all of them at once. */
export function measuringProblems(runbook: LoadedRunbook, graph: PlanGraph, plans: readonly MeasuringPlan[]): readonly Problem[] {
  return plans.flatMap((plan) => {
    const { maxMs } = plan;
    const node = graph.nodes[plan.path];
    if (maxMs === undefined || !node) return [];
    const late = plan.goals.filter(({ critical, n, needMs }) => critical && (!Number.isFinite(n) || (needMs ?? 0) > maxMs));
    return late.map((goal) => {
      const path = placeOf(runbook, node, goal);
      const at = path === '' ? { line: node.source.line, column: 1 } : runbook.at(path);
      return { code: 'MARGIN_UNREACHABLE', severity: 'error' as const, file: runbook.file, ...at, path, ...unreachableWords(goal, maxMs) };
    });
  });
}

interface Question {
  readonly asked: AnalysisPlan;
  readonly measured: ProbePlan;
  readonly earlier: { readonly run: string; readonly noise: Noise } | undefined;
}

function planOf(path: string, { asked, measured, earlier }: Question): MeasuringPlan {
  const { rate, durationMs } = measured;
  const { maxMs, confidence } = asked;
  const isExtended = asked.extends && maxMs !== undefined && maxMs > durationMs;
  const goals = asked.metrics.flatMap((metric) => goalsOf(plainMetric(metric)));
  const watched = goals.filter(({ critical, kind }) => critical && kind !== 'numeric' && kind !== 'ratio').length;
  const question = { confidence, maxMs: maxMs ?? durationMs, isExtended, rate, durationMs, watched, noise: earlier?.noise ?? {} };
  return {
    path,
    rate,
    durationMs,
    ...(maxMs === undefined ? {} : { maxMs }),
    extends: isExtended,
    ...(earlier ? { measuredIn: earlier.run } : {}),
    goals: goals.map((goal) => goalPlan(goal, question)),
  };
}

interface GoalQuestion {
  readonly confidence: number;
  readonly maxMs: number;
  readonly isExtended: boolean;
  readonly rate: number;
  readonly durationMs: number;
  readonly watched: number;
  readonly noise: Partial<Noise>;
}

function goalPlan(goal: Goal, { confidence, maxMs, isExtended, rate, durationMs, watched, noise }: GoalQuestion): GoalPlan {
  const { label, kind, critical, margin } = goal;
  const slotMs = slotLength(durationMs, isExtended ? maxMs : durationMs);
  const looks = planLooks(Math.ceil(durationMs / slotMs), isExtended ? Math.ceil(maxMs / slotMs) : 0);
  const share = (looks.at(-1) ?? { share: 1 }).share;
  const assumptions = { confidence: confidenceAt({ share }, confidence), noise };
  const n = sampleSize(goal, assumptions);
  const msOf = (count: number): number | undefined => (kind === 'ratio' ? undefined : kind === 'numeric' ? count * 60_000 : (count / rate) * 1_000);
  const needMs = msOf(n);
  const countIn = (ms: number): number => (kind === 'numeric' ? ms / 60_000 : (ms / 1_000) * rate);
  const least = (ms: number) => leastMargin(goal, countIn(ms), assumptions);
  const delay = critical ? detectionDelay(goal, { confidence, watched, perSlot: (slotMs / 1_000) * rate, noise }) : undefined;
  return {
    ...{ label, kind, critical, margin, n },
    ...(needMs === undefined ? {} : { needMs }),
    ...(kind === 'ratio' ? {} : { leastMargin: least(isExtended ? maxMs : durationMs), leastAllowed: least(maxMs) }),
    ...(delay === undefined ? {} : { delayMs: (delay / rate) * 1_000 }),
  };
}

/** The step whose evidence an analysis reads: what it needs and what measures, or what it names. */
function probeOf(graph: PlanGraph, node: PlanNode): PlanNode | undefined {
  const { evidence } = node.with;
  const named = typeof evidence === 'string' ? /\bsteps\.([A-Za-z0-9-]+)\.outputs\.evidence\b/.exec(evidence)?.[1] : undefined;
  return Object.values(graph.nodes).find(({ id, uses }) => uses === 'bench.probe' && id === named);
}

function settingsOf({ graph, inputs }: Planned, node: PlanNode): JsonObject {
  const environment = graph.environment[graph.phases.find(({ id }) => id === node.phase)?.environment ?? ''] ?? {};
  const { value } = partialDeep(node.with, { inputs: inputs.values, runbook: graph.metadata, steps: {}, environment });
  return isObject(value) ? value : {};
}

/** Noise of the latest run of the same runbook and sort whose probe has ended well. */
async function earlierOf(
  journal: RunJournal | undefined,
  { graph, rehearsal }: Planned,
  probe: PlanNode,
  { metrics }: AnalysisPlan,
): Promise<Question['earlier']> {
  if (!journal) return undefined;
  for (const run of await journal.runs({ runbook: graph.runbook, limit: 20 })) {
    if (run.rehearsal !== rehearsal) continue;
    for (const { body } of await journal.read(run.id)) {
      if (body.type !== 'stepFinished' || body.path !== probe.path || !('outputs' in body.result)) continue;
      const { evidence } = body.result.outputs;
      const bytes = typeof evidence === 'string' && evidence.startsWith('sha256:') ? await bytesOf(journal, evidence as Digest) : undefined;
      if (bytes) return { run: run.id, noise: noiseOf(parseEvidence(bytes), metrics.map(plainMetric)) };
    }
  }
  return undefined;
}

/** Evidence that was damaged or thrown away is no reason not to plan. */
async function bytesOf(journal: RunJournal, digest: Digest): Promise<Uint8Array | undefined> {
  try {
    return await journal.evidence(digest);
  } catch {
    return undefined;
  }
}

/** Where a margin is written; empty when it is in a step of its own. */
function placeOf({ runbook }: LoadedRunbook, { path, phase }: PlanNode, { label }: GoalPlan): string {
  if (path !== `${phase}/@analysis`) return '';
  const index = runbook.phases.findIndex(({ id }) => id === phase);
  const [name = '', quantile] = label.split(' ');
  const metrics = runbook.phases[index]?.analysis?.metrics ?? [];
  const at = metrics.findIndex((metric) => metric.name === name);
  const kind = metrics[at]?.kind;
  const member = quantile !== undefined ? `quantiles.${quantile}` : kind === 'mismatch' ? 'max' : 'margin';
  return `phases[${index}].analysis.metrics[${at}].${member}`;
}
