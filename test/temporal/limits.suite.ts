import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { stateOf } from '../../src/engine/index.ts';
import type { PlanGraph } from '../../src/plan/index.ts';
import { localRig } from '../engine/conformance/local.ts';
import { record, tell } from '../engine/conformance/rig.ts';
import { type Ask, comparable, lanes, type Scenario } from '../engine/conformance/scenario.ts';
import { order, step } from '../engine/conformance/scenarios-flow.ts';
import { sqlite } from '../engine/conformance/stores.ts';
import { begin } from '../engine/conformance/temporal.ts';
import { graphOf, hostRule, node } from '../engine/support.ts';
import { until } from '../scenario/site.ts';
import { openSite, type Site } from './site.ts';

/** What a server limits, and what people do to workflows behind our back. */

const RUN = 'run-20261123-00000000';
let site: Site;
let client: Site['client'];
let rig: Site['rig'];
before(async () => {
  // So few events that every longer run has to continue as new, several times.
  site = await openSite({ queue: 'limits', rules: { mostEvents: 80 } });
  ({ client, rig } = site);
});
after(() => site[Symbol.asyncDispose]());

/** Executions that one run took. */
async function executions(runId: string): Promise<number> {
  let count = 0;
  for await (const _ of client.workflow.list({ query: `WorkflowId = "${runId}"` })) count += 1;
  return count;
}

const chain = (count: number, from = 0): PlanGraph['nodes'][string][] =>
  Array.from({ length: count }, (_, n) => step(`one/s${from + n}`, {}, n === 0 ? {} : { needs: [`one/s${from + n - 1}`] }));

const LONG: readonly Scenario[] = [
  {
    name: 'a chain of 60 steps',
    ...{ graph: graphOf(chain(60)), state: 'succeeded', order: 'exact' },
  },
  {
    name: 'chains beside each other, with retries and signals before and after',
    graph: graphOf([
      ...['a', 'b', 'c'].flatMap((lane) =>
        Array.from({ length: 14 }, (_, n) =>
          step(`one/${lane}${n}`, n % 5 === 4 ? { fail: { code: 'FLAKY', retry: 'afterBackoff', times: 1 } } : {}, {
            needs: n === 0 ? [] : [`one/${lane}${n - 1}`],
            retry: { attempts: 3, initialMs: 1, factor: 1, maxMs: 1, jitter: 'none', except: [] },
          }),
        ),
      ),
      node('one/wait', { uses: 'wait.signal', with: { name: 'go' }, timeoutMs: 0, needs: ['one/a13'] }),
    ]),
    acts: [{ when: { type: 'stepFinished', path: 'one/b3' }, ask: { type: 'signalReceived', id: 'early', name: 'go', by: 'user:bo', payload: 1 } }],
    ...{ state: 'succeeded', order: 'lanes' },
  },
  {
    name: 'one step on 60 machines, which continues as new in its middle',
    graph: graphOf([
      node('one/h', {
        uses: 'test.hosts',
        hosts: hostRule(
          Array.from({ length: 60 }, (_, n) => `h${n}`),
          { throttle: 5 },
        ),
      }),
    ]),
    ...{ state: 'succeeded', order: 'lanes' },
  },
];

describe('a run that is longer than a history may be', { concurrency: 3 }, () => {
  for (const [index, scenario] of LONG.entries()) {
    test(`${scenario.name}: the same events as on one machine, nothing twice`, { timeout: 240_000 }, async () => {
      await using local = await localRig(sqlite);
      const runId = `${RUN}a${index}`;
      const [expected, actual] = await Promise.all([tell(local, scenario, runId), tell(rig, scenario, runId)]);
      assert.equal(actual.state, 'succeeded');
      const shown = (events: typeof actual.events) => (scenario.order === 'exact' ? comparable(events) : lanes(comparable(events)));
      assert.deepEqual(shown(actual.events), shown(expected.events));
      const did = actual.effects.filter(({ what }) => what === 'effect').map(({ path, host }) => `${path} ${host}`);
      assert.equal(new Set(did).size, did.length);
      assert.ok((await executions(runId)) >= 2, `${await executions(runId)} executions`);
    });
  }

  test('a gate keeps its votes, and a caller what it called, over many executions', { timeout: 240_000 }, async () => {
    const graph = graphOf(
      [
        node('one/@approval', { uses: 'approval', with: { approvers: ['team:cab'], required: 2 }, timeoutMs: 0 }),
        node('one/call', { uses: 'runbook.call', with: { runbook: 'other' }, timeoutMs: 0 }),
        ...chain(45),
      ],
      {
        calls: {
          other: graphOf([node('sub/w', { uses: 'pause', with: { duration: '6s' }, timeoutMs: 0 }), step('sub/x', {}, { needs: ['sub/w'] })], {
            runbook: 'other',
          }),
        },
      },
    );
    const vote = (voter: string): Ask => ({
      ...{ type: 'voteCast', path: 'one/@approval', voter, teams: ['cab'], decision: 'approve', planDigest: 'sha256:test' },
    });
    const told = await tell(
      rig,
      {
        ...{ name: 'gate and call', graph, state: 'succeeded', order: 'lanes' },
        acts: [
          { when: { type: 'stepFinished', path: 'one/s5' }, ask: vote('user:bo') },
          { when: { type: 'stepFinished', path: 'one/s40' }, ask: vote('user:cy') },
        ],
      },
      `${RUN}b0`,
    );
    assert.equal(told.state, 'succeeded');
    assert.equal(told.events.filter(({ body }) => body.type === 'childFinished').length, 1);
    assert.ok((await executions(told.runId)) >= 2);
  });
});

describe('large runs', { concurrency: 2 }, () => {
  test('a plan and its events larger than a message', { timeout: 240_000 }, async () => {
    const skipped = Array.from({ length: 1_500 }, (_, n) => node(`one/n${n}`, { if: '${{ false }}', label: `step ${n} ${'x'.repeat(500)}` }));
    const graph = graphOf([...skipped, step('two/last')]);
    assert.ok(JSON.stringify(graph).length > 1_200_000);
    const told = await tell(rig, { ...{ name: 'large plan', graph, state: 'succeeded', order: 'lanes' } }, `${RUN}c0`);
    assert.equal(told.events.filter(({ body }) => body.type === 'stepSkipped').length, 1_500);
    assert.deepEqual(order(told), ['two/last']);
  });

  test('an input larger than a message fails its step, and only that', { timeout: 120_000 }, async () => {
    const graph = graphOf([
      ...Array.from({ length: 8 }, (_, n) => step(`one/s${n}`, { outputs: { text: 'x'.repeat(240_000) } }, { id: `s${n}` })),
      step(
        'two/all',
        {},
        { with: Object.fromEntries(Array.from({ length: 8 }, (_, n) => [`t${n}`, `\${{ steps.s${n}.outputs.text }}`])), onFailure: 'continue' },
      ),
      step('two/after', {}, { needs: ['two/all'] }),
    ]);
    const told = await tell(rig, { ...{ name: 'large input', graph, state: 'succeeded', order: 'lanes' } }, `${RUN}c1`);
    const codes = told.events.flatMap(({ body }) => (body.type === 'stepFinished' && 'error' in body.result ? [body.result.error.code] : []));
    assert.deepEqual(codes, ['INPUT_TOO_LARGE']);
  });
});

describe('what is done to a workflow by other means than ours', { concurrency: 3 }, () => {
  test('one that was terminated goes on from the journal, and what was under way is in doubt', { timeout: 120_000 }, async () => {
    const runId = `${RUN}d0`;
    const graph = graphOf([step('one/a'), step('one/b', { hang: 'before' }, { needs: ['one/a'] }), step('one/c', {}, { needs: ['one/b'] })]);
    await record(rig.journal, { runId, graph });
    await rig.begin(runId);
    const begun = () => rig.outside.effects(runId).find(({ path, what }) => path === 'one/b' && what === 'begin');
    await until('the step', begun);
    const isKnown = async () => ((await rig.journal.read(runId)).some(({ body }) => body.type === 'stepStarted' && body.path === 'one/b') ? true : undefined);
    await until('its intent', isKnown);
    await client.workflow.getHandle(runId).terminate('somebody clicked');
    await until('the step to be stopped', () => rig.outside.effects(runId).find(({ path, what }) => path === 'one/b' && what === 'stopped'));
    await begin(rig.engine, runId);
    await until('the end', async () => stateOf(await rig.journal.read(runId)).finished);
    const events = await rig.journal.read(runId);
    assert.equal(stateOf(events).finished?.state, 'succeeded');
    assert.deepEqual(
      events.flatMap(({ body }) => (body.type === 'leaseTaken' ? [body.token] : [])),
      [1, 2],
    );
    assert.ok(events.some(({ body }) => body.type === 'stepInDoubt'));
    const effects = rig.outside.effects(runId).filter(({ what }) => what === 'effect');
    assert.deepEqual(
      effects.map(({ path }) => path),
      ['one/a', 'one/b', 'one/c'],
    );
    assert.equal((await rig.journal.verify(runId)).ok, true);
  });

  test('one that was cancelled there ends in good order', { timeout: 120_000 }, async () => {
    const runId = `${RUN}d1`;
    await record(rig.journal, { runId, graph: graphOf([step('one/a', { ms: 60_000 }), node('one/finally/0', { role: 'finally', owner: 'one' })]) });
    await rig.begin(runId);
    await until('the step', () => rig.outside.effects(runId).find(({ what }) => what === 'begin'));
    await client.workflow.getHandle(runId).cancel();
    await until('the end', async () => stateOf(await rig.journal.read(runId)).finished);
    const data = stateOf(await rig.journal.read(runId));
    assert.equal(data.finished?.state, 'cancelled');
    assert.equal(data.tasks.get('one/finally/0')?.state, 'changed');
  });

  test('runs are found by runbook, environment, wave and state, and tell how they stand', { timeout: 120_000 }, async () => {
    const runId = `${RUN}d2`;
    await record(rig.journal, { runId, graph: graphOf([node('one/w', { uses: 'wait.signal', with: { name: 'go' }, timeoutMs: 0 })]) });
    await rig.begin(runId);
    const query = 'SlipwayRunbook = "test" AND SlipwayEnvironment = "production" AND SlipwayWave = "wave-1" AND SlipwayState = "waiting"';
    const find = async () => {
      for await (const { workflowId } of client.workflow.list({ query })) if (workflowId === runId) return true;
      return undefined;
    };
    await until('the run in the list', find);
    assert.deepEqual(await rig.engine.status(runId), { state: 'waiting', seq: 6, projected: 6, underWay: [], attention: {} });
    assert.equal(await rig.engine.hasWorker(), true);
    assert.equal(await rig.engine.hasWorker('nowhere'), false);
    await rig.ask(runId, { type: 'cancelRequested', id: 'c', by: 'user:bo' });
  });
});

describe('a concurrency group', { concurrency: 3 }, () => {
  test('a run that waits for its turn is found as queued, and as running once it has it', { timeout: 120_000 }, async () => {
    const graph = graphOf([node('one/w', { uses: 'wait.signal', with: { name: 'go' }, timeoutMs: 0 }), step('one/a', { ms: 3_000 }, { needs: ['one/w'] })], {
      concurrency: { group: 'group-found', queue: 'fifo', max: 1 },
    });
    const runIds = [0, 1].map((n) => `${RUN}g${n}`);
    const [, second = ''] = runIds;
    for (const runId of runIds) await record(rig.journal, { runId, graph }).then(() => rig.begin(runId));
    const found = (state: string) => async () => {
      for await (const { workflowId } of client.workflow.list({ query: `SlipwayState = "${state}"` })) if (workflowId === second) return true;
      return undefined;
    };
    await until('the second run among those that wait', found('queued'));
    for (const runId of runIds) {
      await until('it waits for the signal', async () => stateOf(await rig.journal.read(runId)).tasks.get('one/w'));
      await rig.ask(runId, { type: 'signalReceived', id: `go ${runId}`, name: 'go', by: 'user:bo', payload: {} });
    }
    await until('the second run among those that go on', found('running'));
    await until('the end', async () => stateOf(await rig.journal.read(second)).finished);
    assert.deepEqual(await Promise.all(runIds.map(async (runId) => stateOf(await rig.journal.read(runId)).finished?.state)), ['succeeded', 'succeeded']);
  });

  for (const [queue, states] of [
    ['fifo', ['succeeded', 'succeeded', 'succeeded']],
    ['latest', ['succeeded', 'cancelled', 'succeeded']],
  ] as const) {
    test(`${queue}: one at a time, in the order in which they were recorded`, { timeout: 120_000 }, async () => {
      const graph = graphOf([step('one/a', { ms: 700 })], { concurrency: { group: `group-${queue}`, queue, max: 1 } });
      const runIds = [0, 1, 2].map((n) => `${RUN}${queue === 'fifo' ? 'e' : 'f'}${n}`);
      for (const runId of runIds) await record(rig.journal, { runId, graph });
      for (const runId of runIds) await rig.begin(runId);
      for (const [n, runId] of runIds.entries()) {
        await until(`the end of run ${n}`, async () => stateOf(await rig.journal.read(runId)).finished);
        assert.equal(stateOf(await rig.journal.read(runId)).finished?.state, states[n]);
      }
      const spans = rig.outside.effects().filter(({ runId, what }) => runIds.includes(runId) && (what === 'begin' || what === 'end'));
      assert.deepEqual(
        spans.map(({ runId, what }) => `${what} ${runIds.indexOf(runId)}`),
        queue === 'fifo' ? ['begin 0', 'end 0', 'begin 1', 'end 1', 'begin 2', 'end 2'] : ['begin 0', 'end 0', 'begin 2', 'end 2'],
      );
    });
  }
});
