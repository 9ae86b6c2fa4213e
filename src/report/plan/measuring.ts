import { formatDuration } from '../../core/index.ts';
import { percentWords, worseBy, countWords } from '../../analysis/index.ts';
import type { MetricResult } from '../../analysis/index.ts';
import { clean } from '../clean.ts';

/** What a dual run needs to come to a verdict. Times are milliseconds. */
export interface MeasuringPlan {
  /** Of the analysis step. */
  readonly path: string;
  /** Pairs a second. */
  readonly rate: number;
  readonly durationMs: number;
  /** How long it may measure in all; absent when the runbook does not say. */
  readonly maxMs?: number;
  /** It goes on up to `maxMs` by itself while it is undecided. */
  readonly extends: boolean;
  /** The run whose noise is taken; absent when nothing was measured before. */
  readonly measuredIn?: string;
  readonly goals: readonly GoalPlan[];
}
export interface GoalPlan {
  readonly label: string;
  readonly kind: MetricResult['kind'];
  readonly critical: boolean;
  readonly margin: number;
  /** Requests per side, slots of time, or trials; Infinity when no number is enough. */
  readonly n: number;
  /** How long that takes; absent when the rate is not known. */
  readonly needMs?: number;
  /** Smallest margin that can be met in the time it measures by itself, and in all the runbook allows; absent when that is not known. */
  readonly leastMargin?: number;
  readonly leastAllowed?: number;
  /** Until harm of twice the margin is told; absent when it is not watched while the probe runs. */
  readonly delayMs?: number;
}

/** Per side. */
const UNITS: { readonly [kind in MetricResult['kind']]: string } = {
  latency: 'requests',
  rate: 'requests',
  mismatch: 'pairs',
  throughput: 'requests',
  numeric: 'minutes of samples',
  ratio: 'trials',
};

/** Lines for people: what is measured and where the noise comes from, then one line for each metric. */
export function measuringWords(plan: MeasuringPlan): readonly string[] {
  const { path, rate, durationMs, maxMs, measuredIn } = plan;
  const time = `${formatDuration(durationMs)}${plan.extends && maxMs !== undefined ? `, up to ${formatDuration(maxMs)} while undecided` : ''}`;
  const noise = measuredIn === undefined ? 'assumed noise' : `the noise of ${measuredIn}`;
  return [`${clean(path)}: ${countWords(rate * 60)} pairs a minute for ${time}; 90% power at ${noise}`, ...plan.goals.map((goal) => goalWords(goal, plan))];
}

function goalWords({ label, kind, critical, margin, n, needMs, leastMargin, delayMs }: GoalPlan, { durationMs, maxMs, ...plan }: MeasuringPlan): string {
  const head = `${clean(label)} ${worseBy(kind, margin)}${critical ? '' : ' (not critical)'}:`;
  const room = plan.extends ? (maxMs ?? durationMs) : durationMs;
  const least = leastMargin === undefined || !Number.isFinite(leastMargin) ? '' : `, and ${worseBy(kind, leastMargin)} can be met`;
  if (!Number.isFinite(n)) return `${head} cannot be met, however long it takes${least}`;
  const time = needMs === undefined ? '' : `, ${formatDuration(needMs)}`;
  const short = needMs !== undefined && needMs > room ? `; may stay undecided${least}` : '';
  const harm = delayMs === undefined ? '' : delayMs < room ? `; twice that is told after ${formatDuration(delayMs)}` : '; twice that is told only at the end';
  return `${head} ${countWords(n)} ${UNITS[kind]}${time}${short}${harm}`;
}

/** Which margin cannot be met in the time that the runbook allows, and which could. */
export function unreachableWords(
  { label, kind, margin, n, needMs, leastAllowed }: GoalPlan,
  maxMs: number,
): { readonly message: string; readonly hint: string } {
  const need = Number.isFinite(n)
    ? `it needs ${countWords(n)} ${UNITS[kind]}${needMs === undefined ? '' : `, ${formatDuration(needMs)}`}`
    : 'no number is enough';
  const least = leastAllowed === undefined || !Number.isFinite(leastAllowed) ? undefined : worseBy(kind, Math.ceil(leastAllowed * 10_000) / 10_000);
  return {
    message: `${label} within ${percentWords(margin)} cannot be measured within maxDuration ${formatDuration(maxMs)}: ${need}`,
    hint: least === undefined ? 'raise the rate or maxDuration' : `the smallest margin that can be met is ${least}; or raise the rate or maxDuration`,
  };
}
