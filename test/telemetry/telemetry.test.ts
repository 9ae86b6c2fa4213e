import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { test } from 'node:test';
import { Secret } from '../../src/core/index.ts';
import type { JournalEvent } from '../../src/engine/index.ts';
import { createMetrics, createSpanFold, openSpanSink, type SpanData, traceIdOf } from '../../src/telemetry/index.ts';
import { failure, OK, Simulation } from '../engine/simulator.ts';
import { graphOf, node, RUN_ID } from '../engine/support.ts';

const KEPT = join(import.meta.dirname, '..', 'fixtures', 'journals', '0.1.0');
const journalOf = (name: string): readonly JournalEvent[] =>
  readFileSync(join(KEPT, `${name}.ndjson`), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as JournalEvent); // kept by keep.ts
const spansOf = (events: readonly JournalEvent[]): readonly SpanData[] => events.flatMap(createSpanFold(events[0]?.runId ?? ''));

for (const name of ['flagship', 'flagship-rolled-back', 'crash-in-doubt']) {
  test(`${name}: the spans of a run are one tree, each told once and inside its parent's time`, () => {
    const events = journalOf(name);
    const spans = spansOf(events);
    const byId = new Map(spans.map((span) => [span.spanId, span]));
    assert.equal(byId.size, spans.length, 'a span is told twice');
    const [root, ...others] = spans.filter(({ parentSpanId }) => parentSpanId === undefined);
    assert.equal(root?.kind, 'server');
    assert.deepEqual(others, []);
    for (const span of spans) {
      assert.equal(span.traceId, traceIdOf(events[0]?.runId ?? ''));
      assert.ok(span.startedAt <= span.endedAt, span.name);
      if (span.parentSpanId === undefined) continue;
      const parent = byId.get(span.parentSpanId);
      assert.ok(parent, `${span.name} has no parent`);
      assert.ok(parent.startedAt <= span.startedAt && span.endedAt <= parent.endedAt, `${span.name} is not inside ${parent.name}`);
    }
    const attempts = events.filter(({ body }) => body.type === 'stepStarted').length;
    assert.equal(spans.filter((span) => span.name.startsWith('attempt ')).length, attempts);
  });
}

test('a run that rolled back is a failure, a step in doubt says so, a retried step is told once', () => {
  const rolledBack = spansOf(journalOf('flagship-rolled-back')).at(-1);
  assert.deepEqual([rolledBack?.name, rolledBack?.status, rolledBack?.attributes['cicd.pipeline.result']], ['RUN erp-to-cloud', 'error', 'failure']);
  const doubted = spansOf(journalOf('crash-in-doubt')).filter(({ attributes }) => attributes['error.type'] === 'IN_DOUBT');
  assert.ok(doubted.length > 0);
  const run = new Simulation(graphOf([node('one/a', { retry: { attempts: 3, initialMs: 1, factor: 1, maxMs: 1, jitter: 'none', except: [] } })]));
  for (const result of [failure('FLAKY', 'afterBackoff'), failure('FLAKY', 'afterBackoff'), OK]) {
    run.now += 10;
    run.settle();
    run.finish('one/a', result);
  }
  run.settle();
  const told = spansOf(run.events).map(({ name, status }) => `${name} ${status}`);
  assert.deepEqual(told, ['attempt 1 of one/a error', 'attempt 2 of one/a error', 'attempt 3 of one/a ok', 'one/a ok', 'phase one ok', 'RUN test ok']);
});

test('a called run hangs below the step that calls it', () => {
  const run = new Simulation(graphOf([node('one/a')]), { parent: { runId: 'run-20261128-parent0000', path: 'one/call' } });
  run.settle();
  run.finish('one/a');
  run.settle();
  const root = spansOf(run.events).at(-1);
  assert.equal(root?.traceId, traceIdOf('run-20261128-parent0000'));
  assert.ok(root.parentSpanId);
});

interface Sent {
  readonly resourceSpans: readonly { readonly scopeSpans: readonly { readonly spans: readonly { readonly name: string; readonly traceId: string }[] }[] }[];
}

test('spans reach a collector by OTLP over HTTP with their headers; one that is away holds nobody up', { timeout: 30_000 }, async (context) => {
  const received: { readonly body: Sent; readonly token: string | undefined; readonly path: string | undefined }[] = [];
  const collector = createServer((request, response) => {
    void buffer(request).then((bytes) => {
      received.push({ body: JSON.parse(bytes.toString('utf8')) as Sent, token: String(request.headers['x-token']), path: request.url });
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
    });
  });
  await new Promise<void>((done) => collector.listen(0, '127.0.0.1', done));
  context.after(() => collector.close());
  const { port } = collector.address() as AddressInfo; // it listens on TCP
  const settings = { headers: { 'x-token': new Secret('a-long-token') }, serviceName: 'slipway', serviceVersion: '0.1.0' };
  const sink = await openSpanSink({ url: `http://127.0.0.1:${port}/v1/traces`, ...settings });
  const spans = spansOf(journalOf('flagship'));
  sink.send(spans);
  await sink.close();
  await new Promise((done) => collector.close(done));
  const names = received.flatMap(({ body }) =>
    body.resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap((scope) => scope.spans.map(({ name }) => name))),
  );
  assert.deepEqual(names.toSorted(), spans.map(({ name }) => name).toSorted());
  assert.deepEqual([received[0]?.token, received[0]?.path], ['a-long-token', '/v1/traces']);
  const away = await openSpanSink({ url: `http://127.0.0.1:${port}/v1/traces`, ...settings });
  away.send(spans);
  await away.close();
});

test('metrics count what is new, name what it is about, and never a run', async () => {
  const metrics = await createMetrics();
  for (const name of ['flagship', 'flagship-rolled-back']) for (const event of journalOf(name)) metrics.event(event, true);
  for (const event of journalOf('crash-in-doubt')) metrics.event(event, false);
  const text = await metrics.text({ runs: { succeeded: 3, waiting: 1 }, undriven: 1, drivers: 2 });
  for (const line of [
    /^cicd_pipeline_run_duration_seconds_count\{cicd_pipeline_name="erp-to-cloud",cicd_pipeline_run_state="finalizing",cicd_pipeline_result="success",error_type=""\} 1$/m,
    /^cicd_pipeline_run_errors_total\{cicd_pipeline_name="erp-to-cloud",error_type="rolledBack"\} 1$/m,
    /^cicd_pipeline_run_active\{cicd_pipeline_run_state="waiting"\} 1$/m,
    /^cicd_worker_count\{cicd_worker_state="busy"\} 2$/m,
    /^slipway_runs_undriven 1$/m,
    /^slipway_rollbacks_total\{trigger="stepFailed"\} 1$/m,
    /^slipway_step_duration_seconds_count\{uses="pulumi.up",state="changed"\} 4$/m,
  ])
    assert.match(text, line);
  assert.doesNotMatch(text, new RegExp(`run-\\d{8}|${RUN_ID}`), 'labels of run ids would never end');
});
