import assert from 'node:assert/strict';
import { test } from 'node:test';
import { colourStyle, liveLines, runJson, runMarkdown, runText, startLive, summaryText } from '../../../src/report/index.ts';
import { created, facts, type Moment, rolledBack, started, story } from './story.ts';

test('the summary of a rollback: phases, verdict, measured times, journal, what to type next', () => {
  assert.equal(
    summaryText(facts(rolledBack, 'rolledBack'), { journal: '.slipway/journal.db' }).replaceAll(/sha256:[0-9a-f]{64}/g, 'sha256:…'),
    `erp (rehearsal) was rolled back after 15 s

  prepare            ok         1.0 s      1 step, 1 changed
  dual               ok         8.0 s      1 step, 1 changed
  cutover            failed     2.0 s      1 step

dual run: candidate is not worse than baseline: p95 +3.1 % (at most 50 %)
rollback: stepFailed (cutover/weight-50 failed); it took 4.0 s of the 10 m allowed; all traffic was back on the old side after 2.1 s
journal: .slipway/journal.db, run run-20261123-7k2m9qz4ab, 20 events, head sha256:…
verify: slipway journal verify run-20261123-7k2m9qz4ab
next:   slipway logs run-20261123-7k2m9qz4ab cutover/weight-50
        slipway status run-20261123-7k2m9qz4ab
`,
  );
});

test('a rollback before traffic moved says that the old side served all the time', () => {
  const moments: readonly Moment[] = [
    created,
    [10, { type: 'rollbackRequested', id: 'r', trigger: 'manual', by: 'user:ada', reason: 'second thoughts' }],
    [2_010, { type: 'runFinished', state: 'rolledBack', outputs: {} }],
  ];
  assert.match(
    summaryText(facts(moments, 'rolledBack')),
    /manual \(second thoughts\); it took 2\.0 s of the 10 m allowed; traffic had not moved, the old side served all the time$/m,
  );
});

test('a watched check that failed during the rollback is not kept quiet', () => {
  const breach: Moment = [12_000, { type: 'watchBreached', path: 'cutover/served', failures: 2, message: 'status 503' }];
  const moments = rolledBack.toSpliced(-2, 0, breach);
  assert.match(summaryText(facts(moments, 'rolledBack')), /after 2\.1 s, but cutover\/served failed meanwhile$/m);
});

test('traffic that did not get back is said, whatever the rest did', () => {
  const moments = rolledBack.filter(([, body]) => !(body.type === 'stepFinished' && body.path === 'cutover/weight-50/compensate/0'));
  assert.match(summaryText(facts(moments, 'rollbackFailed')), /not all traffic is back on the old side$/m);
});

test('the full text shows steps under their phase, unwell hosts, errors with hints, and the rollback apart', () => {
  const text = runText(facts(rolledBack, 'rolledBack'));
  assert.match(text, /prepare +ok {2}1\.0 s\n {2}✔ facts +facts of 1 host; 1 unreachable, 1 ok +1\.0 s\n {6}web-2: unreachable/);
  assert.match(text, /✖ weight-50 +TRAFFIC_DRIVER: <b>haproxy<\/b> said no +2\.0 s\n {6}hint: look at the socket/);
  assert.match(text, /\nrollback\n {2}↩ cutover\/weight-50\/compensate\/0 +50% → 0%/);
  assert.ok(!text.includes('\u001B'));
  assert.ok(runText(facts(rolledBack, 'rolledBack'), { style: colourStyle }).includes('\u001B[31m✖'));
});

test('markdown keeps markup and mentions out', () => {
  const moments = rolledBack.with(-1, [15_100, { type: 'runFinished', state: 'rolledBack', outputs: {}, reason: 'ask @everyone | [x](http://evil) `rm`' }]);
  const text = runMarkdown(facts(moments, 'rolledBack'));
  assert.match(text, /\| cutover \| failed \| 2\.0 s \| 1 \|/);
  assert.match(text, /&lt;b&gt;haproxy&lt;\/b&gt;/);
  assert.doesNotMatch(text, /@everyone|\[x\]\(|<b>|[^\\]`rm/);
  assert.match(text, /\*\*Rollback:\*\* stepFailed/);
});

test('json has stable names, ISO times and durations in milliseconds', () => {
  const json = JSON.parse(JSON.stringify(runJson(facts(rolledBack, 'rolledBack')))) as Record<string, unknown>; // looked into by name only
  assert.deepEqual(Object.keys(json), [
    'runId',
    'runbook',
    'state',
    'rehearsal',
    'actor',
    'planDigest',
    'createdAt',
    'finishedAt',
    'durationMs',
    'phases',
    'tasks',
    'verdicts',
    'rollback',
    'votes',
    'breaches',
    'attention',
    'outputs',
    'journal',
    'next',
  ]);
  assert.equal(json['createdAt'], '2026-11-23T10:00:00.000Z');
  assert.deepEqual((json['rollback'] as { durationMs: number; trafficBackMs: number }).trafficBackMs, 2_100);
  assert.equal(json['durationMs'], 15_100);
});

test('live: a line when a phase begins, one when a step ends, and the rollback', async () => {
  const lines: string[] = [];
  async function* events() {
    yield* story(rolledBack);
  }
  for await (const line of liveLines(events())) lines.push(line.replaceAll(/ {2,}/g, '  ').trim());
  assert.deepEqual(lines, [
    '▸ prepare',
    '✔ facts  facts of 1 host; 1 unreachable, 1 ok  1.0 s',
    'web-2: unreachable',
    'prepare ok, 1.0 s',
    '▸ dual',
    '✔ @analysis  candidate is not worse than baseline: p95 +3.1 % (at most 50 %)  8.0 s',
    'dual ok, 8.0 s',
    '▸ cutover',
    '✖ weight-50  TRAFFIC_DRIVER: <b>haproxy</b> said no  2.0 s',
    'hint: look at the socket',
    '↩ rolling back: stepFailed (cutover/weight-50 failed)',
    '↩ cutover/weight-50/compensate/0 50% → 0%  2.1 s',
    'erp was rolled back',
  ]);
});

test('live: what goes on just now, with hosts and the time that is left', () => {
  const live = startLive();
  const [first] = story([created]);
  assert.ok(first);
  const at = first.at;
  for (const event of story([
    created,
    started(1_000, 'prepare/facts'),
    [1_500, { type: 'hostStarted', path: 'prepare/facts', attempt: 1, host: 'web-1' }],
    [2_000, { type: 'hostFinished', path: 'prepare/facts', attempt: 1, host: 'web-1', result: { state: 'ok', durationMs: 1 } }],
    [2_100, { type: 'hostStarted', path: 'prepare/facts', attempt: 1, host: 'web-2' }],
    [2_500, { type: 'stepWaiting', path: 'cutover/soak', wait: { type: 'timer', until: at + 600_000 } }],
  ]))
    live.push(event);
  assert.deepEqual(
    live.running(at + 4_000).map((line) => line.replaceAll(/ {2,}/g, '  ').trim()),
    ['▸ facts  1 of 3 hosts: 1 ok  3.0 s', '… soak  waits for 9 m 56 s more  1.5 s'],
  );
});

test('live: a gate is said once with the command that opens it', () => {
  const gate = { approvers: ['team:cab'], required: 2, perGroup: 0, preventSelfApproval: true, onTimeout: 'deny', message: 'go?', verb: 'approve' } as const;
  const live = startLive();
  const lines = story([created, [5, { type: 'stepWaiting', path: 'cutover/@approval', wait: { type: 'gate', gate } }]]).flatMap((event) => live.push(event));
  assert.match(lines.join('\n'), /… @approval +waits for 2 of team:cab\n +slipway approve run-20261123-7k2m9qz4ab cutover\/@approval/);
  assert.match(
    summaryText(facts([created, [5, { type: 'stepWaiting', path: 'cutover/@approval', wait: { type: 'gate', gate } }]], 'waiting')),
    /next: +slipway approve/,
  );
});

test('what machines wrote cannot move the cursor, reorder text or start a line of its own', () => {
  const evil = '\u001B[2J\u202Egood\r\n✔ all well';
  const moments: readonly Moment[] = [
    created,
    [
      1,
      {
        type: 'stepFinished',
        path: 'prepare/facts',
        attempt: 1,
        result: { state: 'failed', error: { code: 'X', message: evil, hint: evil, retry: 'never' } },
        durationMs: 1,
      },
    ],
    [2, { type: 'attentionRaised', path: 'prepare/facts', reason: evil, hint: evil }],
    [3, { type: 'rollbackRequested', id: 'r', trigger: 'manual', by: 'user:ada', reason: evil }],
    [4, { type: 'runFinished', state: 'rolledBack', outputs: {}, reason: evil }],
  ];
  const live = story(moments).flatMap((event) => startLive().push(event));
  for (const text of [runText(facts(moments)), runMarkdown(facts(moments)), live.join('\n')]) {
    for (const bad of ['\u001B', '\u202E', '\r', '\n✔ all well']) assert.ok(!text.includes(bad), JSON.stringify(text));
  }
});
