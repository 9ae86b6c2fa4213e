import { compare, type Metric, type MetricResult, parseEvidence, parseSeries, sampleSize, type Verdict } from '../../analysis/index.ts';
import { formatDuration, SlipwayError } from '../../core/index.ts';
import type { Digest } from '../../core/index.ts';
import type { StepContext } from '../kind.ts';
import { judgeSeries } from './of-series.ts';
import { defineStep } from '../kind.ts';
import { type AnalysisInput, AnalysisInput as Input, AnalysisOutputs } from './shape.ts';

/**
 * Judge what a probe saw: is the new side no worse than the old one? Fails with `ANALYSIS_FAILED` when it is worse, and with
 * `ANALYSIS_INCONCLUSIVE` when there is too little to tell; `onInconclusive: pause` (and `extend`, which this step cannot do by
 * itself, because the requests belong to the probe) then asks a person, `fail` and `rollback` fail the step.
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
    const verdict = await judge(input, ports);
    for (const { critical, verdict: each, sentence } of verdict.metrics) log(`${each}${critical ? '' : ' (not critical)'}: ${sentence}`);
    for (const { verdict: each, sentence } of verdict.abCheck ?? []) log(`old against old, ${each}: ${sentence}`);
    const record = await ports.evidence.put(Buffer.from(JSON.stringify({ evidence: input.evidence, series: input.series, verdict })));
    refuse(verdict, input);
    const { confidence } = input;
    const { verdict: name, sentence, metrics, algorithm } = verdict;
    const outputs = { verdict: name, sentence, metrics: metrics.map((metric) => ({ ...metric })), algorithm, confidence, seed: verdict.seed, record };
    return { status: 'ok', outputs, summary: sentence };
  },
  preview: async ({ metrics, confidence }) => {
    const sizes = metrics.flatMap((metric) => (isSourced(metric) ? [] : [sampleSize(plain(metric), { confidence }).sentence]));
    return { type: 'note', text: `${sizes.join('; ')} (90% power, 0.1% errors, log-normal latency)` };
  },
});

type Wanted = AnalysisInput['metrics'][number];
function isSourced(metric: Wanted): metric is Extract<Wanted, { kind: 'numeric' | 'ratio' }> {
  return metric.kind === 'numeric' || metric.kind === 'ratio';
}

async function judge(input: AnalysisInput, { evidence }: StepContext['ports']): Promise<Verdict> {
  const { seed, confidence, metrics } = input;
  const series = input.series === undefined ? undefined : parseSeries(await evidence.get(input.series as Digest)); // the shape has checked the form
  const sourced = metrics.filter(isSourced).map((metric) => judgeSeries(metric, series));
  const probed = metrics.flatMap((metric) => (isSourced(metric) ? [] : [plain(metric)]));
  const options = { confidence, ...(seed === undefined ? {} : { seed }) };
  const verdict =
    input.evidence === undefined
      ? ({ algorithm: 'series-interim/1', confidence, seed: seed ?? 1, metrics: [], abCheck: null } as const)
      : compare(parseEvidence(await evidence.get(input.evidence as Digest)), probed, options); // the shape has checked the form
  return 'verdict' in verdict && sourced.length === 0 ? verdict : worst(verdict, [...verdict.metrics, ...sourced]);
}

function worst(verdict: Omit<Verdict, 'verdict' | 'sentence'> & Partial<Verdict>, metrics: readonly MetricResult[]): Verdict {
  const critical = metrics.filter((metric) => metric.critical);
  const found = (['fail', 'noData', 'inconclusive'] as const).find((name) => critical.some((metric) => metric.verdict === name));
  const overall = critical.length === 0 ? 'noData' : (found ?? (verdict.verdict === 'inconclusive' ? 'inconclusive' : 'pass'));
  const sentence = critical.filter((metric) => found === undefined || metric.verdict === found).map((metric) => metric.sentence);
  const words = { pass: 'the candidate is no worse than the baseline', fail: 'the candidate is worse', noData: 'not enough data', inconclusive: 'undecided' };
  return { ...verdict, metrics, verdict: overall, sentence: `${words[overall]}: ${sentence.join('; ')}` };
}

/** What the statistics need: what differs by right was taken out when the answers were compared. */
function plain(metric: Exclude<Wanted, { kind: 'numeric' | 'ratio' }>): Metric {
  if (metric.kind !== 'mismatch') return metric;
  const { ignore: _, ...rest } = metric;
  return rest;
}

function refuse(verdict: Verdict, { onInconclusive, maxDuration }: AnalysisInput): void {
  if (verdict.verdict === 'pass') return;
  if (verdict.verdict === 'fail') {
    throw new SlipwayError('ANALYSIS_FAILED', verdict.sentence, { hint: 'the old side keeps serving; find out why the new one is worse' });
  }
  const limit = maxDuration === undefined ? '' : `; the runbook allows ${formatDuration(maxDuration)} of measuring in all`;
  throw new SlipwayError('ANALYSIS_INCONCLUSIVE', verdict.sentence, {
    retry: onInconclusive === 'pause' || onInconclusive === 'extend' ? 'pauseForHuman' : 'never',
    hint: `probe longer or at a higher rate, or settle it by hand${limit}`,
  });
}
