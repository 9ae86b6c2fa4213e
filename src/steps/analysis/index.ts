import { z } from 'zod';
import {
  ASSUMED,
  compare,
  countWords,
  goalsOf,
  NOTHING_PROBED,
  parseEvidence,
  parseSeries,
  recordBytes,
  sampleSize,
  type Verdict,
} from '../../analysis/index.ts';
import { formatDuration, SlipwayError } from '../../core/index.ts';
import type { Digest, JsonObject } from '../../core/index.ts';
import { defineStep } from '../kind.ts';
import { type AnalysisInput, AnalysisInput as Input, AnalysisOutputs, MetricShape, plainMetric } from './shape.ts';

export { type AnalysisInput, MetricShape, plainMetric };

/** Recorded settings of an analysis step as it saw them. @throws {SlipwayError} `EVIDENCE_INVALID`. */
export function analysisInput(recorded: JsonObject): AnalysisInput {
  const parsed = Input.safeParse(recorded);
  if (parsed.success) return parsed.data;
  throw new SlipwayError('EVIDENCE_INVALID', `the recorded settings are not those of an analysis: ${z.prettifyError(parsed.error)}`, { cause: parsed.error });
}

/** What an analysis step asks, before there is evidence. */
export interface AnalysisPlan {
  readonly metrics: AnalysisInput['metrics'];
  readonly confidence: number;
  readonly extends: boolean;
  readonly maxMs?: number;
}

/** Settings as far as a plan knows them; undefined when they are known only in the run. */
export function analysisPlan(settings: JsonObject): AnalysisPlan | undefined {
  const { evidence: _evidence, series: _series, ...known } = settings;
  const parsed = Input.omit({ evidence: true, series: true }).safeParse(known);
  if (!parsed.success) return undefined;
  const { metrics, confidence, onInconclusive, maxDuration } = parsed.data;
  return { metrics, confidence, extends: onInconclusive === 'extend', ...(maxDuration === undefined ? {} : { maxMs: maxDuration }) };
}

/**
 * Judge what a probe saw: is the new side no worse than the old one? Fails with `ANALYSIS_FAILED` when it is worse, and with
 * `ANALYSIS_INCONCLUSIVE` when there is too little to tell; `onInconclusive: pause` and `extend` (once the probe has gone on for
 * as long as it may) then ask a person, `fail` and `rollback` fail the step.
 */
export const analysis = defineStep({
  uses: 'analysis',
  summary: 'judge whether the new side is no worse than the old one',
  with: Input,
  outputs: AnalysisOutputs,
  example: {
    evidence: 'sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
    metrics: [
      { name: 'latency', kind: 'latency', quantiles: { p50: '10%', p95: '10%', p99: '20%' }, minSamples: 3_000 },
      { name: 'errors', kind: 'rate', margin: '0.1pp' },
      { name: 'parity', kind: 'mismatch', max: '0.01%', critical: false },
    ],
  },
  mutates: false,
  failureTrigger: 'analysisFailed',
  describe: ({ metrics }) => `judge ${metrics.map(({ name }) => name).join(', ')}`,
  target: 'none',
  idempotency: 'safe',
  execute: async (input, { ports, log }) => {
    // The shape has checked the form of both digests.
    const evidence = input.evidence === undefined ? NOTHING_PROBED : parseEvidence(await ports.evidence.get(input.evidence as Digest));
    const series = input.series === undefined ? {} : { series: parseSeries(await ports.evidence.get(input.series as Digest)) };
    const { seed, confidence } = input;
    const metrics = input.metrics.map(plainMetric);
    const verdict = compare(evidence, metrics, { confidence, ...(seed === undefined ? {} : { seed }), ...series });
    for (const { critical, verdict: each, sentence } of verdict.metrics) log(`${each}${critical ? '' : ' (not critical)'}: ${sentence}`);
    for (const { verdict: each, sentence } of verdict.abCheck ?? []) log(`old against old, ${each}: ${sentence}`);
    const record = await ports.evidence.put(recordBytes({ evidence: input.evidence, series: input.series, metrics, verdict }));
    log(`the whole verdict is kept as ${record}`);
    refuse(verdict, input);
    const { verdict: name, sentence, algorithm } = verdict;
    const outputs = {
      ...{ verdict: name, sentence, algorithm, confidence, seed: verdict.seed, record },
      metrics: verdict.metrics.map((metric) => ({ ...metric, inflation: metric.inflation ?? null })),
    };
    return { status: 'ok', outputs, summary: sentence };
  },
  preview: async ({ metrics, confidence }) => {
    const goals = metrics.flatMap((metric) => goalsOf(plainMetric(metric)));
    return { type: 'note', text: `${goals.map((goal) => needWords(goal, confidence)).join('; ')} (90% power, ${assumptions()})` };
  },
});

function needWords(goal: ReturnType<typeof goalsOf>[number], confidence: number): string {
  const n = sampleSize(goal, { confidence });
  if (!Number.isFinite(n)) return `${goal.label} cannot pass, however much is measured`;
  return `${goal.label} needs about ${countWords(n)} ${goal.kind === 'numeric' ? 'slots of time' : goal.kind === 'ratio' ? 'trials per side' : 'requests per side'}`;
}

function assumptions(): string {
  return `${ASSUMED.errorRate * 100}% errors, log-normal latency`;
}

function refuse(verdict: Verdict, { onInconclusive, maxDuration }: AnalysisInput): void {
  if (verdict.verdict === 'pass') return;
  if (verdict.verdict === 'fail') {
    throw new SlipwayError('ANALYSIS_FAILED', verdict.sentence, {
      hint: 'the old side keeps serving; find out why the new one is worse; "slipway analysis show <run>" has the table',
    });
  }
  const limit = maxDuration === undefined ? '' : `; the runbook allows ${formatDuration(maxDuration)} of measuring in all`;
  throw new SlipwayError('ANALYSIS_INCONCLUSIVE', verdict.sentence, {
    retry: onInconclusive === 'pause' || onInconclusive === 'extend' ? 'pauseForHuman' : 'never',
    hint: `probe longer or at a higher rate, or settle it by hand${limit}`,
  });
}
