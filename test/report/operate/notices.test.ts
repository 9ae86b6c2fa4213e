import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { type EventBody, type JournalEvent, stateOf } from '../../../src/engine/index.ts';
import { cloudEventOf, endNoticeOf, inputWords, runNoticeOf } from '../../../src/report/index.ts';
import { failure, Simulation } from '../../engine/simulator.ts';
import { graphOf, node, RUN_ID } from '../../engine/support.ts';

type Created = Extract<EventBody, { type: 'runCreated' }>;
const KEPT = join(import.meta.dirname, '..', '..', 'fixtures', 'journals', '0.1.0');
const journalOf = (name: string): readonly JournalEvent[] =>
  readFileSync(join(KEPT, `${name}.ndjson`), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as JournalEvent); // kept by keep.ts
const createdIn = (events: readonly JournalEvent[]): Created => {
  const first = events[0]?.body;
  assert.ok(first?.type === 'runCreated');
  return first;
};
const titlesOf = (events: readonly JournalEvent[]): readonly string[] => events.flatMap((event) => runNoticeOf(event, createdIn(events))?.title ?? []);
const graph = graphOf([node('one/a')], { runbook: 'scan', sla: [{ id: 'day', durationMs: 86_400_000, behavior: 'none' }] });

test('a run that was rolled back tells of its beginning, its rollback and its end, with the step that failed and its code', () => {
  const events = journalOf('flagship-rolled-back');
  const titles = titlesOf(events);
  assert.equal(titles[0], 'erp-to-cloud has begun');
  assert.equal(titles.at(-1), 'erp-to-cloud is to be rolled back');
  const end = endNoticeOf(stateOf(events));
  assert.deepEqual([end?.notice, end?.title, end?.mood], ['rolledBack', 'erp-to-cloud was rolled back', 'warning']);
  const names = end?.facts.map(({ name }) => name);
  assert.deepEqual(names, ['environment', 'took', 'step', 'code', 'trigger', 'rollback took']);
  assert.match(end?.next[1] ?? '', /^slipway logs run-\S+ \S+\/\S+$/);
});

test('a called run tells only what it asks of people', () => {
  const run = new Simulation(graph, { parent: { runId: RUN_ID, path: 'one/call' } });
  run.settle();
  run.push({ type: 'attentionRaised', path: 'one/a', reason: 'r', hint: 'h' });
  run.push({ type: 'slaBreached', id: 'day' });
  assert.deepEqual(titlesOf(run.events), ['scan needs a person']);
});

test('what was agreed, who is asked and until when, and the command that settles it are told', () => {
  const gate = { approvers: ['team:cab'], required: 2, perGroup: 1, preventSelfApproval: true, onTimeout: 'deny', verb: 'approve' } as const;
  const told = (body: EventBody) =>
    runNoticeOf({ runId: RUN_ID, seq: 9, at: 1_000, body, prev: 'sha256:-', hash: 'sha256:-' }, createdIn(new Simulation(graph).events));
  const asked = told({ type: 'stepWaiting', path: 'one/a', wait: { type: 'gate', gate: { ...gate, deadline: 3_601_000, message: 'go\u001b[31m?' } } });
  assert.deepEqual(
    asked?.facts.map(({ name, value }) => `${name}: ${value}`),
    ['step: one/a', 'asked of: 2 of team:cab', 'reason: go[31m?', 'within: 1 h'],
  );
  assert.equal(asked.phase, 'one');
  assert.deepEqual(told({ type: 'slaBreached', id: 'day' })?.facts[1], { name: 'agreed', value: '24 h' });
});

test('a scan that found something says the command that sets it right, or that it is started', () => {
  for (const start of ['asked', 'automatic'] as const) {
    const run = new Simulation({ ...graph, remediation: { runbook: 'harden', inputs: { zone: "o'neil", level: 2 }, start } });
    run.settle();
    run.finish('one/a', failure('COMPLIANCE_FAILED'));
    const told = run.events.flatMap((event) => runNoticeOf(event, createdIn(run.events)) ?? []).find(({ notice }) => notice === 'complianceFailed');
    const command = String.raw`slipway apply harden --input zone='o'\''neil' --input level=2`;
    assert.equal(told?.next.includes(command), start === 'asked');
    assert.equal(
      told?.facts.some(({ value }) => value === 'harden is started'),
      start === 'automatic',
    );
  }
  assert.equal(inputWords({ all: true, many: ['a'] }), ` --input all=true --input many='["a"]'`);
});

test('every event of kept journals is a CloudEvent with plain values: no inputs, outputs, settings or free text', () => {
  for (const name of ['flagship', 'flagship-rolled-back', 'crash-in-doubt']) {
    for (const event of journalOf(name)) {
      const cloud = cloudEventOf(event, { runbook: 'erp-to-cloud', source: '/slipway' });
      assert.ok(cloud, event.body.type);
      const { specversion, id, type, subject, sequence, data } = cloud;
      assert.deepEqual([specversion, id, type, subject], ['1.0', `${event.runId}/${event.seq}`, `slipway.run.${event.body.type}`, event.runId]);
      assert.equal(Number(sequence), event.seq);
      assert.doesNotMatch(JSON.stringify(data), /"(?:inputs|outputs|with|graph|payload|message|reason|hint|summary|checkout)":/);
    }
  }
  const unknown = { runId: RUN_ID, seq: 1, at: 0, body: { type: 'ofAnotherVersion' } as never, prev: 'sha256:-', hash: 'sha256:-' } as const;
  assert.equal(cloudEventOf(unknown, { runbook: 'x', source: '/' }), undefined);
});
