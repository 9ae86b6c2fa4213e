import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { WorkflowHandle } from '@temporalio/client';
import { stateOf } from '../../src/engine/index.ts';
import { gzipCodec } from '../../src/engine/temporal/codec.ts';
import type { PlanGraph } from '../../src/plan/index.ts';
import { record } from '../engine/conformance/rig.ts';
import { step } from '../engine/conformance/scenarios-flow.ts';
import { begin } from '../engine/conformance/temporal.ts';
import { graphOf } from '../engine/support.ts';
import { until } from '../scenario/site.ts';
import { openSite, type Site } from './site.ts';

/** Events ride along with steps, so that a run costs the server few messages beside its steps. */

const RUN = 'run-20261123-0000000r';
let site: Site;
before(async () => {
  // So much time between two copies that only the first one rides, however busy the machine is.
  site = await openSite({ queue: 'riding', zones: ['berlin'], rules: { projectMs: 600_000 } });
});
after(() => site[Symbol.asyncDispose]());

async function start(runId: string, graph: PlanGraph): Promise<void> {
  await record(site.rig.journal, { runId, graph });
  await begin(site.rig.engine, runId);
}

interface Sent {
  readonly name: string;
  readonly queue: string;
  readonly copies: boolean;
}

type Events = NonNullable<Awaited<ReturnType<WorkflowHandle['fetchHistory']>>['events']>;

/** The history of a run, once it is over. */
async function historyOf(runId: string): Promise<Events> {
  const handle = site.client.workflow.getHandle(runId);
  await handle.result();
  return (await handle.fetchHistory()).events ?? [];
}

/** The activities in a history, in the order in which they were given out. */
async function sentIn(events: Events): Promise<readonly Sent[]> {
  const all = events.flatMap(({ activityTaskScheduledEventAttributes: scheduled }) => (scheduled ? [scheduled] : []));
  return Promise.all(
    all.map(async ({ activityType, taskQueue, input }) => {
      const [payload] = await gzipCodec.decode(input?.payloads ?? []);
      return { name: activityType?.name ?? '', queue: taskQueue?.name ?? '', copies: /"copy":/.test(Buffer.from(payload?.data ?? []).toString()) };
    }),
  );
}

test('the beginning of a run is in the journal while its first step goes on; beside the steps, one message is enough', { timeout: 60_000 }, async () => {
  const runId = `${RUN}0`;
  await start(runId, graphOf([step('one/s0', { ms: 1_500 }), ...[1, 2, 3, 4, 5].map((n) => step(`one/s${n}`, {}, { needs: [`one/s${n - 1}`] }))]));
  await until('the first step in the journal', async () => stateOf(await site.rig.journal.read(runId)).tasks.get('one/s0')?.state);
  assert.equal(stateOf(await site.rig.journal.read(runId)).finished, undefined);
  const events = await historyOf(runId);
  const all = await sentIn(events);
  assert.deepEqual(
    all.map(({ name, copies }) => `${name}${copies ? ' with events' : ''}`),
    ['execute with events', 'execute', 'execute', 'execute', 'execute', 'execute', 'project'],
  );
  const told = events.filter(({ upsertWorkflowSearchAttributesEventAttributes: attributes }) => attributes);
  assert.equal(told.length, 1, 'a run that begins at once tells how it stands at its end only');
  const { finished, seq } = stateOf(await site.rig.journal.read(runId));
  assert.equal(finished?.state, 'succeeded');
  assert.deepEqual(
    (await site.rig.journal.read(runId)).map((event) => event.seq),
    Array.from({ length: seq }, (_, n) => n + 1),
  );
});

test('what goes into a zone takes no events along', { timeout: 60_000 }, async () => {
  const runId = `${RUN}1`;
  const environment = { inside: { name: 'inside', zones: [{ name: 'berlin', provider: 'onPrem' }] } };
  await start(runId, graphOf([step('one/a'), step('one/b', {}, { needs: ['one/a'] })], { environment }, { one: { environment: 'inside' } }));
  const steps = (await sentIn(await historyOf(runId))).filter(({ name }) => name === 'execute');
  assert.deepEqual(steps, [
    { name: 'execute', queue: 'riding-zone-berlin', copies: false },
    { name: 'execute', queue: 'riding-zone-berlin', copies: false },
  ]);
});
