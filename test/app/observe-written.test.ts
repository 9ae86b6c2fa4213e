import assert from 'node:assert/strict';
import { test } from 'node:test';
import { observeWritten } from '../../src/app/observe-written.ts';
import type { Wiring } from '../../src/app/index.ts';
import type { EventBody, JournalEvent, WorkerHands } from '../../src/engine/index.ts';
import type { Journal, TimedEvent } from '../../src/journal/index.ts';
import { createMetrics, createSpanFold, type SpanData } from '../../src/telemetry/index.ts';
import { failure, OK, Simulation } from '../engine/simulator.ts';
import { create, graphOf, node, RUN_ID, temporaryJournal } from '../engine/support.ts';

const RETRY = { attempts: 3, initialMs: 1, factor: 1, maxMs: 1, jitter: 'none', except: [] } as const;
const GRAPH = graphOf([node('one/a', { retry: RETRY }), node('one/b', { needs: ['one/a'] }), node('two/c')]);

/** Events of a run with a retry, as an engine on a server numbers them. */
function history(): readonly TimedEvent<EventBody>[] {
  const run = new Simulation(GRAPH);
  run.settle();
  run.finish('one/a', failure('FLAKY', 'afterBackoff'));
  run.now += 10;
  run.settle();
  for (const path of ['one/a', 'one/b', 'two/c']) {
    run.finish(path, OK);
    run.settle();
  }
  return run.events.filter(({ body }) => body.type !== 'runCreated').map(({ body }, index) => ({ seq: index + 2, at: 1_000 + index, body }));
}

interface Worker {
  readonly told: NonNullable<WorkerHands['told']>;
  readonly spans: SpanData[];
  readonly metrics: Awaited<ReturnType<typeof createMetrics>>;
}

async function workerOn(journal: Journal<EventBody>): Promise<Worker> {
  const metrics = await createMetrics();
  const spans: SpanData[] = [];
  const observer = async (runId: string) => {
    const fold = createSpanFold(runId);
    return (event: JournalEvent, isNew: boolean): void => {
      const ended = fold(event);
      if (isNew) spans.push(...ended);
      metrics.event(event, isNew);
    };
  };
  const wiring: Pick<Wiring, 'journal'> & { readonly telemetry: Pick<Wiring['telemetry'], 'observer'> } = {
    journal: async () => journal,
    telemetry: { observer },
  };
  return { told: observeWritten(wiring as Wiring), spans, metrics }; // all that it needs of it
}

test('whichever workers write the events of a run, and however often messages come, each span and each figure is told once', async () => {
  await using at = temporaryJournal();
  const { journal } = at;
  await create({ journal, graph: GRAPH, kinds: [] });
  const lease = await journal.acquire(RUN_ID, 'x', 60_000);
  assert.ok('token' in lease);
  const workers = await Promise.all([0, 1].map(() => workerOn(journal)));
  const events = history();
  for (let from = 0; from < events.length; from += 2) {
    const worker = workers[(from / 2) % workers.length];
    // A message overlaps the one before, and comes twice: its answer was lost.
    for (let time = 0; time < 2; time++) await worker?.told(RUN_ID, await journal.project(lease, events.slice(Math.max(0, from - 1), from + 2)));
  }
  const expected = (await journal.read(RUN_ID)).flatMap(createSpanFold(RUN_ID));
  const all = workers.flatMap(({ spans }) => spans);
  const byId = (spans: readonly SpanData[]) => spans.toSorted((a, b) => (a.spanId < b.spanId ? -1 : 1));
  assert.ok(expected.length >= 10 && workers.every(({ spans }) => spans.length > 0));
  assert.deepEqual(byId(all), byId(expected));
  const texts = await Promise.all(workers.map(({ metrics }) => metrics.text({ runs: {}, undriven: 0, drivers: 0 })));
  const sum = (line: RegExp): number => texts.reduce((total, text) => total + Number(line.exec(text)?.[1] ?? 0), 0);
  assert.equal(sum(/^slipway_step_duration_seconds_count\{uses="test.work",state="failed"\} (\d+)$/m), 1);
  assert.equal(sum(/^slipway_step_duration_seconds_count\{uses="test.work",state="(?:ok|changed)"\} (\d+)$/m), 3);
  assert.equal(sum(/^slipway_step_retries_total\{uses="test.work"\} (\d+)$/m), 1);
  assert.equal(sum(/^cicd_pipeline_run_duration_seconds_count\{.*cicd_pipeline_result="success".*\} (\d+)$/m), 1);
});
