import { digestOf, type JsonObject } from '../../../src/core/index.ts';
import type { EventBody, JournalEvent } from '../../../src/engine/index.ts';
import type { PlanGraph, PlanNode } from '../../../src/plan/index.ts';
import type { Facts } from '../../../src/report/index.ts';

const RUN = 'run-20261123-7k2m9qz4ab';
const START = Date.UTC(2026, 10, 23, 10, 0, 0);
const DIGEST = digestOf('plan');

function node(path: string, more: Partial<PlanNode> = {}): PlanNode {
  const [phase = '', id = ''] = path.split('/');
  return {
    path,
    phase,
    id,
    label: id,
    uses: 'check.http',
    role: 'step',
    needs: [],
    with: {},
    failFast: true,
    retry: { attempts: 1, initialMs: 0, factor: 1, maxMs: 0, jitter: 'none', except: [] },
    timeoutMs: 60_000,
    onFailure: 'fail',
    idempotency: 'safe',
    mutates: false,
    trigger: 'stepFailed',
    pointOfNoReturn: false,
    source: { file: 'runbooks/erp.yaml', line: 1 },
    ...more,
  };
}

const hosts = {
  pattern: 'web',
  names: ['web-1', 'web-2', 'web-3'],
  serial: [],
  strategy: 'linear' as const,
  anyErrorsFatal: false,
  runOnce: false,
};
const nodes = [
  node('prepare/facts', { uses: 'ssh.facts', hosts }),
  node('dual/@analysis', { uses: 'analysis', trigger: 'analysisFailed' }),
  node('cutover/@approval', { uses: 'approval' }),
  node('cutover/weight-50', { uses: 'traffic.setWeight' }),
  node('cutover/soak', { uses: 'pause' }),
  node('cutover/weight-50/compensate/0', { uses: 'traffic.setWeight', role: 'compensate', owner: 'cutover/weight-50', order: 'traffic' }),
];

/** A small migration with every kind of thing that reports tell. */
export const graph: PlanGraph = {
  runbook: 'erp',
  metadata: {},
  phases: (['prepare', 'dual', 'cutover'] as const).map((id) => ({
    id,
    type: id === 'dual' ? 'dualRun' : id,
    onOverrun: 'finish',
    watch: id === 'cutover' ? [{ path: 'cutover/served', uses: 'check.http', with: {}, intervalMs: 1, initialDelayMs: 0, timeoutMs: 1, failureLimit: 0 }] : [],
    nodes: nodes.filter((each) => each.phase === id && each.role === 'step').map((each) => each.path),
    waves: [],
  })),
  nodes: Object.fromEntries(nodes.map((each) => [each.path, each])),
  hosts: {},
  sla: [],
  rollback: { on: ['stepFailed'], budgetMs: 600_000, git: 'none' },
  environment: {},
  outputs: {},
  calls: {},
};

export type Moment = readonly [atMs: number, body: EventBody];

/** Events of a run from moments: milliseconds after the start, and what happened. */
export function story(moments: readonly Moment[]): readonly JournalEvent[] {
  return moments.map(([atMs, body], index) => ({ runId: RUN, seq: index + 1, at: START + atMs, body, prev: digestOf(index), hash: digestOf(index + 1) }));
}

export function facts(moments: readonly Moment[], state = 'running'): Facts {
  const events = story(moments);
  const row = {
    id: RUN,
    runbook: 'erp',
    planDigest: DIGEST,
    createdAt: START,
    rehearsal: true,
    labels: {},
    state,
    updatedAt: events.at(-1)?.at ?? START,
    lastSeq: events.length,
    order: 1,
  };
  return { row, events };
}

export const created: Moment = [
  0,
  { type: 'runCreated', planDigest: DIGEST, graph, inputs: {}, actor: 'user:ada', rehearsal: true, checkout: '/c', authors: [] },
];
export const started = (at: number, path: string, attempt = 1): Moment => [at, { type: 'stepStarted', path, attempt, key: 'k', with: {} }];
export const ended = (at: number, path: string, summary: string, outputs: JsonObject = {}): Moment => [
  at,
  { type: 'stepFinished', path, attempt: 1, result: { state: 'changed', outputs, summary }, durationMs: 1 },
];
export const failed = (at: number, path: string): Moment => [
  at,
  {
    type: 'stepFinished',
    path,
    attempt: 1,
    result: { state: 'failed', error: { code: 'TRAFFIC_DRIVER', message: '<b>haproxy</b> said no', hint: 'look at the socket', retry: 'never' } },
    durationMs: 1,
  },
];

/** Everything went well until the traffic was moved; then it went back. */
export const rolledBack: readonly Moment[] = [
  created,
  [10, { type: 'runStarted' }],
  [20, { type: 'phaseStarted', phase: 'prepare' }],
  started(30, 'prepare/facts'),
  [40, { type: 'hostStarted', path: 'prepare/facts', attempt: 1, host: 'web-1' }],
  [900, { type: 'hostFinished', path: 'prepare/facts', attempt: 1, host: 'web-1', result: { state: 'ok', durationMs: 860 } }],
  [900, { type: 'hostFinished', path: 'prepare/facts', attempt: 1, host: 'web-2', result: { state: 'unreachable', durationMs: 860 } }],
  ended(1_030, 'prepare/facts', 'facts of 1 host'),
  [1_040, { type: 'phaseFinished', phase: 'prepare', state: 'succeeded' }],
  [1_050, { type: 'phaseStarted', phase: 'dual' }],
  started(1_060, 'dual/@analysis'),
  ended(9_060, 'dual/@analysis', 'candidate is not worse than baseline: p95 +3.1 % (at most 50 %)'),
  [9_070, { type: 'phaseFinished', phase: 'dual', state: 'succeeded' }],
  [9_080, { type: 'phaseStarted', phase: 'cutover' }],
  started(9_090, 'cutover/weight-50'),
  failed(11_090, 'cutover/weight-50'),
  [11_100, { type: 'rollbackRequested', id: 'r', trigger: 'stepFailed', by: 'system', reason: 'cutover/weight-50 failed' }],
  started(11_110, 'cutover/weight-50/compensate/0'),
  ended(13_200, 'cutover/weight-50/compensate/0', '50% → 0%'),
  [15_100, { type: 'runFinished', state: 'rolledBack', outputs: {} }],
];
