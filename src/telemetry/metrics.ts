import type { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { messageOf, SlipwayError } from '../core/index.ts';
import { type JournalEvent, parseTaskPath } from '../engine/index.ts';
import { resultOfRun } from './spans.ts';

/** What a scrape asks of the store: it is the same for every process. */
export interface StoreCounts {
  readonly runs: { readonly [state: string]: number };
  /** Open runs that no live process drives, without those that only wait for people. */
  readonly undriven: number;
  /** Live processes that drive runs. */
  readonly drivers: number;
  /** Work that waits in queues, by queue and state; none where there is no store yet. */
  readonly queues?: readonly { readonly queue: string; readonly ready: number; readonly delayed: number; readonly claimed: number; readonly dead: number }[];
}
export interface Metrics {
  /** Take an event of a run into account; one that was recorded before this process drove the run is only remembered. */
  readonly event: (event: JournalEvent, isNew: boolean) => void;
  /** All metrics in the text format of Prometheus. */
  readonly text: (counts: StoreCounts) => Promise<string>;
  readonly contentType: string;
}
interface Instruments {
  readonly registry: Registry;
  readonly runs: Histogram;
  readonly runErrors: Counter;
  readonly active: Gauge;
  readonly workers: Gauge;
  readonly undriven: Gauge;
  readonly jobs: Gauge;
  readonly steps: Histogram;
  readonly retries: Counter;
  readonly hosts: Counter;
  readonly rollbacks: Counter;
  readonly attention: Counter;
  readonly late: Counter;
}
/** Seconds: from a check to a migration that takes days. */
const LONG = [1, 5, 15, 60, 300, 600, 1_800, 3_600, 14_400, 86_400, 604_800];
const SHORT = [0.01, 0.05, 0.25, 1, 5, 15, 60, 300, 1_800, 3_600];

/**
 * Metrics of this process, named by OpenTelemetry's conventions for CI/CD in Prometheus' spelling, and `slipway_*` where they have none. Labels are names
 * from runbooks and closed lists, never run ids.
 *
 * @throws {SlipwayError} `TELEMETRY_MISSING` when prom-client is not installed.
 */
export async function createMetrics(): Promise<Metrics> {
  const { Counter: MakeCounter, Gauge: MakeGauge, Histogram: MakeHistogram, Registry: MakeRegistry } = await promClient();
  const registry = new MakeRegistry();
  const common = { registers: [registry] };
  const instruments: Instruments = {
    registry,
    runs: new MakeHistogram({
      ...{ ...common, name: 'cicd_pipeline_run_duration_seconds', help: 'Duration of runs that have ended', buckets: LONG },
      labelNames: ['cicd_pipeline_name', 'cicd_pipeline_run_state', 'cicd_pipeline_result', 'error_type'],
    }),
    runErrors: new MakeCounter({
      ...common,
      name: 'cicd_pipeline_run_errors_total',
      help: 'Runs that did not succeed',
      labelNames: ['cicd_pipeline_name', 'error_type'],
    }),
    active: new MakeGauge({ ...common, name: 'cicd_pipeline_run_active', help: 'Runs of the store by state', labelNames: ['cicd_pipeline_run_state'] }),
    workers: new MakeGauge({ ...common, name: 'cicd_worker_count', help: 'Live processes that drive runs', labelNames: ['cicd_worker_state'] }),
    jobs: new MakeGauge({ ...common, name: 'slipway_queue_jobs', help: 'Jobs of the store that have not ended well', labelNames: ['queue', 'state'] }),
    undriven: new MakeGauge({ ...common, name: 'slipway_runs_undriven', help: 'Open runs that no live process drives' }),
    steps: new MakeHistogram({ ...common, name: 'slipway_step_duration_seconds', help: 'Duration of attempts', buckets: SHORT, labelNames: ['uses', 'state'] }),
    retries: new MakeCounter({ ...common, name: 'slipway_step_retries_total', help: 'Attempts after the first', labelNames: ['uses'] }),
    hosts: new MakeCounter({ ...common, name: 'slipway_hosts_finished_total', help: 'Hosts on which a step has ended', labelNames: ['state'] }),
    rollbacks: new MakeCounter({ ...common, name: 'slipway_rollbacks_total', help: 'Rollbacks that began', labelNames: ['trigger'] }),
    attention: new MakeCounter({ ...common, name: 'slipway_attention_total', help: 'Times a person was asked to settle something' }),
    late: new MakeCounter({ ...common, name: 'slipway_late_results_total', help: 'Results that came after their attempt was over' }),
  };
  const runs = new Map<string, KnownRun>();
  return {
    event: (event, isNew) => {
      if (event.body.type === 'runCreated') runs.set(event.runId, knownRun(event.body, event.at));
      else if (isNew) take(instruments, runs, event);
      // Whoever drives it next hears of it from its first event on.
      if (event.body.type === 'runFinished') runs.delete(event.runId);
    },
    text: (counts) => textOf(instruments, counts),
    contentType: registry.contentType,
  };
}

interface KnownRun {
  readonly runbook: string;
  readonly at: number;
  readonly uses: (path: string) => string;
}

function knownRun({ graph }: Extract<JournalEvent['body'], { type: 'runCreated' }>, at: number): KnownRun {
  return { runbook: graph.runbook, at, uses: (path) => graph.nodes[parseTaskPath(path).node]?.uses ?? 'unknown' };
}

function take(instruments: Instruments, runs: Map<string, KnownRun>, { runId, body, at }: JournalEvent): void {
  const run = runs.get(runId);
  const uses = (path: string): string => run?.uses(path) ?? 'unknown';
  switch (body.type) {
    case 'stepFinished':
      return instruments.steps.observe({ uses: uses(body.path), state: body.result.state }, body.durationMs / 1_000);
    case 'stepRetryScheduled':
      return instruments.retries.inc({ uses: uses(body.path) });
    case 'hostFinished':
      return instruments.hosts.inc({ state: body.result.state });
    case 'rollbackRequested':
      return instruments.rollbacks.inc({ trigger: body.trigger });
    case 'attentionRaised':
      return instruments.attention.inc();
    case 'lateResultRejected':
      return instruments.late.inc();
    case 'runFinished':
      return run && endRun(instruments, run, { state: body.state, at });
    default:
      return;
  }
}

function endRun({ runs, runErrors }: Instruments, { runbook, at: since }: KnownRun, { state, at }: { readonly state: string; readonly at: number }): void {
  const result = resultOfRun(state);
  const error = result === 'success' ? '' : state;
  runs.observe(
    { cicd_pipeline_name: runbook, cicd_pipeline_run_state: 'finalizing', cicd_pipeline_result: result, error_type: error },
    Math.max(0, at - since) / 1_000,
  );
  if (result !== 'success') runErrors.inc({ cicd_pipeline_name: runbook, error_type: error });
}

async function textOf({ registry, active, workers, undriven, jobs }: Instruments, counts: StoreCounts): Promise<string> {
  active.reset();
  for (const [state, count] of Object.entries(counts.runs)) active.set({ cicd_pipeline_run_state: state }, count);
  workers.set({ cicd_worker_state: 'busy' }, counts.drivers);
  undriven.set(counts.undriven);
  jobs.reset();
  for (const { queue, ...states } of counts.queues ?? []) for (const [state, count] of Object.entries(states)) jobs.set({ queue, state }, count);
  return registry.metrics();
}

async function promClient() {
  try {
    return await import('prom-client');
  } catch (cause) {
    throw new SlipwayError('TELEMETRY_MISSING', `metrics cannot be given: ${messageOf(cause)}`, { cause, hint: 'npm install prom-client' });
  }
}
