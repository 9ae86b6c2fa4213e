import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EventBody, JournalEvent } from '../../../src/engine/index.ts';
import { type KpiRun, kpiRunOf, kpisOf, kpiText } from '../../../src/report/index.ts';
import { graphOf, node, RUN_ID } from '../../engine/support.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const NOW = 100 * DAY;
const window = { from: NOW - 28 * DAY, to: NOW, committedAt: (commit: string) => (commit === 'known' ? NOW - 3 * DAY : undefined) };
let count = 0;
const run = (rest: Partial<KpiRun>): KpiRun => {
  const finishedAt = rest.finishedAt ?? NOW - DAY;
  const times = { createdAt: finishedAt - 2 * HOUR, startedAt: finishedAt - HOUR, finishedAt };
  return { runId: `run-${++count}`, runbook: 'erp', state: 'succeeded', waitedMs: 0, sla: [], ...times, ...rest };
};

test('frequency, failure rate, lead time and duration count deployments of the window and nothing else', () => {
  const { startedAt: _never, ...neverBegan } = run({ state: 'cancelled' });
  const runs = [
    run({ commit: 'known' }),
    run({ commit: 'elsewhere' }),
    run({ finishedAt: NOW - 40 * DAY }),
    run({ state: 'cancelled' }),
    run({ state: 'failed', finishedAt: NOW - 5 * DAY }),
    run({ runbook: 'web' }),
    neverBegan,
    { ...run({ state: 'running' }), finishedAt: undefined } as never as KpiRun, // one that goes on
  ];
  const { all, runbooks } = kpisOf(runs, window);
  assert.deepEqual([all.deployments, all.succeeded, all.failed, all.cancelled], [5, 3, 1, 1]);
  assert.equal(all.perWeek, 0.75);
  assert.equal(all.failureRate, 0.25);
  assert.deepEqual(all.leadTime, { count: 1, medianMs: 2 * DAY, p90Ms: 2 * DAY });
  assert.deepEqual(all.duration, { count: 5, medianMs: HOUR, p90Ms: HOUR });
  assert.deepEqual(
    runbooks.map(({ runbook, deployments }) => [runbook, deployments]),
    [
      ['erp', 4],
      ['web', 1],
    ],
  );
});

test('time to restore: traffic back on the old side, a run that undoes, the next success, whichever is first; what nothing restored is told', () => {
  const restored = run({ state: 'rolledBack', rollback: { requestedAt: NOW - 3 * DAY, restoredAt: NOW - 3 * DAY + 60_000 }, finishedAt: NOW - 3 * DAY + HOUR });
  const undone = run({ runbook: 'web', finishedAt: NOW - 2 * DAY });
  const undoing = run({ runbook: 'web', rollbackOf: undone.runId, createdAt: NOW - DAY, finishedAt: NOW - DAY + 2 * HOUR });
  const failed = run({ runbook: 'db', state: 'failed', finishedAt: NOW - 4 * DAY });
  const next = run({ runbook: 'db', finishedAt: NOW - 3 * DAY });
  const open = run({ runbook: 'dns', state: 'rollbackFailed', rollback: { requestedAt: NOW - DAY } });
  const { all, runbooks } = kpisOf([restored, undone, undoing, failed, next, open], window);
  const times = new Map(runbooks.map(({ runbook, restore }) => [runbook, restore.medianMs]));
  assert.deepEqual(
    [...times],
    [
      ['db', DAY],
      ['dns', undefined],
      ['erp', 60_000],
      ['web', 2 * HOUR],
    ],
  );
  assert.deepEqual([all.failed, all.succeeded, all.unrestored], [4, 1, 1]);
  assert.match(kpiText(kpisOf([open], window)), /1 failure has not been restored yet/);
});

test('agreements: kept by how many of the runs in which their phase began', () => {
  const sla = (kept: boolean) => [{ id: 'window', agreedMs: 4 * HOUR, kept }];
  const { runbooks } = kpisOf([run({ sla: sla(true) }), run({ sla: sla(false) }), run({})], window);
  assert.deepEqual(runbooks[0]?.sla, [{ id: 'window', agreedMs: 4 * HOUR, runs: 2, kept: 1 }]);
  assert.match(kpiText(kpisOf([run({ sla: sla(true) })], window)), /erp window: 4 h agreed, kept by 1 of 1 \(100%\)/);
  assert.equal(kpiText(kpisOf([], window)), 'no run has ended in the last 28 days');
});

test('a run is folded: waiting of gates that overlap counts once, agreements of phases that never began do not count', () => {
  const graph = graphOf([node('one/a'), node('two/b')], {
    sla: [
      { id: 'all', durationMs: HOUR, behavior: 'none' },
      { id: 'two', phase: 'two', durationMs: HOUR, behavior: 'none' },
    ],
  });
  const gate = { approvers: ['user:a'], required: 1, perGroup: 1, preventSelfApproval: false, onTimeout: 'deny', message: '', verb: 'approve' } as const;
  const wait = (path: string): EventBody => ({ type: 'stepWaiting', path, wait: { type: 'gate', gate } });
  const close = (path: string): EventBody => ({ type: 'gateClosed', path, outcome: 'approved', gate });
  const created = { planDigest: 'sha256:x', graph, inputs: {}, actor: 'user:a', rehearsal: false, checkout: '/', authors: [] } as const;
  const commit = { head: 'c'.repeat(40), tree: 'sha256:t', dirty: false } as const;
  const story: readonly (readonly [number, EventBody])[] = [
    [0, { type: 'runCreated', ...created, commit }],
    [10, { type: 'runStarted' }],
    [10, { type: 'phaseStarted', phase: 'one' }],
    [20, wait('one/a')],
    [30, wait('one/b')],
    [40, close('one/a')],
    [70, close('one/b')],
    [75, { type: 'slaBreached', id: 'all' }],
    [90, { type: 'runFinished', state: 'succeeded', outputs: {} }],
  ];
  const events = story.map(([at, body], index): JournalEvent => ({ runId: RUN_ID, seq: index + 1, at, body, prev: 'sha256:-', hash: 'sha256:-' }));
  const row = {
    id: RUN_ID,
    runbook: 'test',
    planDigest: 'sha256:x',
    createdAt: 0,
    rehearsal: false,
    labels: {},
    order: 1,
    state: 'succeeded',
    updatedAt: 90,
    lastSeq: 9,
  } as const;
  const folded = kpiRunOf({ row, events });
  assert.deepEqual([folded.startedAt, folded.finishedAt, folded.waitedMs, folded.commit], [10, 90, 50, 'c'.repeat(40)]);
  assert.deepEqual(folded.sla, [{ id: 'all', agreedMs: HOUR, kept: false }]);
});
