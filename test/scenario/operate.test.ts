import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { describe, test } from 'node:test';
import { systemClock } from '../../src/core/index.ts';
import { openSqliteStore } from '../../src/store/index.ts';
import { openReceiver, type Receiver } from '../effects/webhook/receiver.ts';
import { inventoryOf, runbookOf } from './files.ts';
import { openMachine } from './machine.ts';
import { live, openSite, type Site, until } from './site.ts';
import { type EventRow, eventsIn } from './support.ts';

/** What happens around runs without a person, through the command line. */

const POLICY = `package slipway.site

deny contains {"msg": "nobody answers for it"} if not input.runbook.owner
`;
const policies = { 'policies/rules.rego': POLICY };
const WAIT = { id: 'go', uses: 'wait.signal', with: { name: 'go' } };
const TELL = { id: 'tell', uses: 'notify', with: { text: 'went on' } };
const KEY = Buffer.from('a key of thirty-two bytes, padded').toString('base64');
const endOf = (at: Site, id: string) =>
  until('the end of the run', () => eventsIn(at.home).find(({ run, body }) => run === id && body.type === 'runFinished')?.body['state']);
const runsOf = (at: Site, actor: string): readonly EventRow[] => eventsIn(at.home).filter(({ body }) => body.type === 'runCreated' && body['actor'] === actor);

interface Event {
  readonly id: string;
  readonly type: string;
  readonly sequence: string;
}
interface Notice {
  readonly data: { readonly title: string; readonly next: readonly string[]; readonly facts: { readonly [name: string]: string } };
}
const eventsAt = (receiver: Receiver): readonly Event[] => receiver.got.map(({ body }) => JSON.parse(body) as Event); // sent by us
const noticesAt = (receiver: Receiver): readonly Notice[] => receiver.got.map(({ body }) => JSON.parse(body) as Notice); // sent by us
const titlesAt = (receiver: Receiver): readonly string[] => noticesAt(receiver).map(({ data }) => data.title);

/** Settings by which a run is told to these. */
const tellingTo = (people: Receiver, hub: Receiver): { readonly [name: string]: string } => ({
  SLIPWAY_NOTIFY_OPS: `webhook+http://127.0.0.1:${people.port}/ops`,
  SLIPWAY_WEBHOOK_HUB: `http://127.0.0.1:${hub.port}/hub`,
  SLIPWAY_WEBHOOK_HUB_SECRET: `whsec_${KEY}`,
  SLIPWAY_WEBHOOK_ALLOW: '127.0.0.1',
});
const NOTIFIED = { on: ['runStarted', 'attention', 'failed', 'succeeded', 'driftFound', 'driftGone', 'scheduleFailed'], to: '#ops' };

describe('what happens without a person', { concurrency: 2 }, () => {
  test('a run alone tells people, an endpoint and a collector, in order and signed; figures come from the journal', async () => {
    using people = await openReceiver();
    using hub = await openReceiver();
    using collector = await openReceiver();
    hub.answers.push(503);
    const env = { ...tellingTo(people, hub), OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${collector.port}` };
    const sla = [{ id: 'quick', type: 'maxDuration', duration: '1h' }];
    using at = openSite({ 'runbooks/work.yaml': runbookOf({ name: 'work', notifications: [NOTIFIED], sla, steps: [TELL] }), ...policies }, env);
    const run = await live(at, ['apply', 'work', '--yes']);
    await run.ends(0);
    const events = eventsAt(hub);
    const ids = [...new Set(events.map(({ id }) => id))];
    assert.deepEqual(
      ids,
      run.events().map((_, index) => `${run.id}/${index + 1}`),
      'every event, in order',
    );
    assert.equal(events.length, ids.length + 1, 'what was not taken is sent again');
    for (const { headers, body } of hub.got) {
      const signed = `${String(headers['webhook-id'])}.${String(headers['webhook-timestamp'])}.${body}`;
      assert.equal(headers['webhook-signature'], `v1,${createHmac('sha256', Buffer.from(KEY, 'base64')).update(signed).digest('base64')}`);
    }
    assert.deepEqual(titlesAt(people), ['work has begun', 'work has succeeded']);
    const spans = JSON.stringify(collector.got.map(({ url, body }) => [url, body]));
    for (const name of ['/v1/traces', 'RUN work', 'work/tell']) assert.ok(spans.includes(name), name);
    const seen = JSON.parse((await at.run(0, ['deliveries', '--json', '--limit', '100'])).stdout) as readonly { readonly state: string }[];
    assert.deepEqual([seen.length, seen.every(({ state }) => state === 'done')], [ids.length + 2, true]);
    const figures = (await at.run(0, ['report', 'kpi'])).stdout;
    assert.match(figures, /work +1 +0\.2 +0 \(0%\)/);
    assert.match(figures, /work quick: 1 h agreed, kept by 1 of 1 \(100%\)/);
  });

  test('kill -9 of whoever drives and tells: a worker goes on with both, nothing is left out; it answers scrapes', async () => {
    using people = await openReceiver();
    using hub = await openReceiver();
    const env = { ...tellingTo(people, hub), SLIPWAY_METRICS_LISTEN: '127.0.0.1:0' };
    using at = openSite({ 'runbooks/work.yaml': runbookOf({ name: 'work', notifications: [NOTIFIED], steps: [WAIT, TELL] }), ...policies }, env);
    hub.answers.push(...Array.from({ length: 40 }, () => 500));
    const run = await live(at, ['apply', 'work', '--yes']);
    await run.sees('stepWaiting', 'work/go');
    run.started.child.kill('SIGKILL');
    await run.ended;
    hub.answers.length = 0;
    const worker = at.start(['worker']);
    await at.run(0, ['signal', run.id, 'go']);
    assert.equal(await endOf(at, run.id), 'succeeded');
    const wanted = run.events().map((_, index) => `${run.id}/${index + 1}`);
    await until('every event', () => (new Set(eventsAt(hub).map(({ id }) => id)).size >= wanted.length ? true : undefined), worker);
    assert.deepEqual([...new Set(eventsAt(hub).map(({ id }) => id))], wanted);
    await until('the last notice', () => (titlesAt(people).includes('work has succeeded') ? true : undefined), worker);
    const port = await until('where metrics are', () => /metrics are at port (\d+)/.exec(worker.said())?.[1], worker);
    const metrics = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    assert.match(metrics, /cicd_pipeline_run_duration_seconds_count\{cicd_pipeline_name="work"[^}]*cicd_pipeline_result="success"[^}]*\} 1/);
    assert.equal((await fetch(`http://127.0.0.1:${port}/`)).status, 404);
    worker.child.kill('SIGTERM');
    assert.equal((await worker.ended).code, 0);
  });

  test('a schedule starts its run through the gate, once; what policies deny is told', async () => {
    using people = await openReceiver();
    const triggers = [{ schedule: { cron: '* * * * *' } }];
    const unowned = JSON.stringify({
      ...(JSON.parse(runbookOf({ name: 'unowned', notifications: [NOTIFIED], triggers, steps: [TELL] })) as object),
      metadata: { name: 'unowned' },
    });
    const files = { 'runbooks/nightly.yaml': runbookOf({ name: 'nightly', triggers, steps: [TELL] }), 'runbooks/unowned.yaml': unowned };
    using at = openSite({ ...files, ...policies }, { SLIPWAY_NOTIFY_OPS: `webhook+http://127.0.0.1:${people.port}/ops` });
    assert.match((await at.run(0, ['schedules', 'tick'])).stdout, /nothing is due/);
    await turnBack(at, 90_000);
    assert.match((await at.run(0, ['schedules', 'tick'])).stdout, /2 carried out/);
    const [created, ...others] = runsOf(at, 'schedule:nightly');
    assert.deepEqual(others, []);
    assert.deepEqual(runsOf(at, 'schedule:unowned'), []);
    assert.match((await at.run(0, ['schedules'])).stdout, /unowned +run +\* \* \* \* \* UTC .*refused policies deny this plan: .*nobody answers for it/);
    const worker = at.start(['worker']);
    assert.equal(await endOf(at, created?.run ?? ''), 'succeeded');
    await until('the refusal', () => noticesAt(people).find(({ data }) => data.facts['code'] === 'POLICY_DENIED'), worker);
    worker.child.kill('SIGTERM');
    assert.equal((await worker.ended).code, 0);
  });

  test('drift of a machine is found and told once; what sets it right starts by itself and waits for its approval; then it is gone', async () => {
    using people = await openReceiver();
    await using machine = await openMachine();
    const copy = { id: 'config', uses: 'ssh.copy', hosts: 'web', with: { content: 'as wanted\n', dest: `${machine.folder}/app.conf` } };
    const ask = { id: 'ask', uses: 'approval', with: { approvers: ['user:bob'] } };
    const keeps = { drift: { schedule: { cron: '0 3 * * *' } }, remediation: { runbook: 'again', start: 'automatic' }, notifications: [NOTIFIED] };
    using at = openSite(
      {
        ...{ 'runbooks/inventory.yaml': inventoryOf(machine), 'runbooks/keep.yaml': runbookOf({ name: 'keep', ...keeps, steps: [copy] }) },
        ...{ 'runbooks/again.yaml': runbookOf({ name: 'again', steps: [ask, { ...copy, needs: ['ask'] }] }), ...policies },
      },
      { ...machine.env, SLIPWAY_NOTIFY_OPS: `webhook+http://127.0.0.1:${people.port}/ops` },
    );
    assert.match((await at.run(0, ['drift', 'check', 'keep'])).stdout, /keep is not known .*\n {2}not known: no run has changed anything yet/);
    await at.run(0, ['apply', 'keep', '--yes']);
    assert.match((await at.run(0, ['drift', 'check', 'keep'])).stdout, /keep is as its last run left it/);
    await machine.write('app.conf', 'by hand\n');
    assert.match((await at.run(7, ['drift', 'check', 'keep'])).stdout, /keep has drifted .*\n {2}web-1, which work\/config made\n/);
    await at.run(7, ['drift', 'check', 'keep']);
    const worker = at.start(['worker', '--no-schedules']);
    await until('the notice', () => (titlesAt(people).includes('keep is not any more as its last run left it') ? true : undefined), worker);
    worker.child.kill('SIGTERM');
    await worker.ended;
    assert.deepEqual(runsOf(at, 'remedy:keep'), [], 'this one starts nothing by itself');
    const second = at.start(['worker']);
    const remedy = await until('what sets it right', () => runsOf(at, 'remedy:keep')[0]?.run, second);
    await until('its question', () => eventsIn(at.home).find(({ run, body }) => run === remedy && body.type === 'stepWaiting'), second);
    assert.equal(await machine.read('app.conf'), 'by hand\n', 'nothing is changed before somebody has approved');
    await at.run(0, ['approve', remedy], { actor: 'user:bob' });
    assert.equal(await endOf(at, remedy), 'succeeded');
    assert.equal(await machine.read('app.conf'), 'as wanted\n');
    assert.match((await at.run(0, ['drift', 'check', 'keep'])).stdout, /keep is as its last run left it/);
    await until('the good news', () => (titlesAt(people).includes('keep is again as its last run left it') ? true : undefined), second);
    assert.equal(titlesAt(people).filter((title) => title.includes('is not any more')).length, 1);
    assert.equal(runsOf(at, 'remedy:keep').length, 1);
    second.child.kill('SIGTERM');
    assert.equal((await second.ended).code, 0);
  });
});

/** Let every schedule believe that it was looked at some time ago. */
async function turnBack({ home }: Site, ms: number): Promise<void> {
  await using store = openSqliteStore({ dir: home, clock: systemClock });
  for (const { key, value } of await store.documents.list('schedules')) {
    const record = value as { readonly cursor: number }; // kept by the scheduler
    await store.documents.put('schedules', key, { ...record, cursor: record.cursor - ms });
  }
}
