import assert from 'node:assert/strict';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type EventBody, stateOf } from '../../src/engine/index.ts';
import type { PlanGraph } from '../../src/plan/index.ts';
import { executorOf, outsideOf, record } from '../engine/conformance/rig.ts';
import { step } from '../engine/conformance/scenarios-flow.ts';
import { type Opened, sqlite } from '../engine/conformance/stores.ts';
import { begin, engineAt, handsOf, type TemporalPlace } from '../engine/conformance/temporal.ts';
import { graphOf, hostRule, node } from '../engine/support.ts';
import { until } from '../scenario/site.ts';
import { type DevServer, startServer } from './server.ts';

/** Steps run in the zone of their machines or stacks, and nowhere else. */

const RUN = 'run-20261123-0000000z';
let server: DevServer;
let opened: Opened;
let place: TemporalPlace;
before(async () => {
  server = await startServer(process.env['SLIPWAY_TEMPORAL'] ?? '');
  opened = await sqlite.open(() => false);
  place = { address: server.address, queue: 'zoned', cacheDir: join(tmpdir(), 'slipway-test-workflows'), rules: { pickUpMs: 1_500 } };
});
after(async () => {
  await opened[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

/** A worker that remembers what it did: `path` or `path@host`. */
async function workerOf(options: { readonly central: boolean; readonly zones: readonly string[] }): Promise<{ readonly did: string[] } & AsyncDisposable> {
  const { journal } = opened;
  const { kinds } = outsideOf(opened.place.dir);
  const did: string[] = [];
  const engine = engineAt(place, kinds);
  const stop = new AbortController();
  const { promise: ready, resolve } = Promise.withResolvers<void>();
  const hands = {
    ...handsOf(journal, kinds, engine),
    toolsOf: async (runId: string) => {
      const executor = executorOf(journal, runId, kinds);
      return {
        executor: {
          ...executor,
          execute: (...[task, control]: Parameters<typeof executor.execute>) => {
            did.push(task.hosts ? `${task.path}@${task.hosts.names.join('+')}` : task.path);
            return executor.execute(task, control);
          },
        },
        [Symbol.dispose]: () => undefined,
      };
    },
  };
  const working = engine.work(hands, { ...options, signal: stop.signal, drainMs: 500, concurrency: 50, notice: () => undefined, ready: resolve });
  await Promise.race([ready, working]);
  return {
    did,
    [Symbol.asyncDispose]: async () => {
      stop.abort();
      await working;
      await engine[Symbol.asyncDispose]();
    },
  };
}

async function finish(runId: string, graph: PlanGraph): Promise<readonly EventBody[]> {
  const { journal } = opened;
  await using engine = engineAt(place, outsideOf(opened.place.dir).kinds);
  await record(journal, { runId, graph });
  await begin(engine, runId);
  await until('the end', async () => stateOf(await journal.read(runId)).finished);
  return (await journal.read(runId)).map(({ body }) => body);
}

const hostsIn = (zones: { readonly [host: string]: string | undefined }): PlanGraph['hosts'] =>
  Object.fromEntries(
    Object.entries(zones).map(([name, zone]) => [
      name,
      { name, address: name, port: 22, user: 'x', groups: [], vars: {}, jump: [], hostKeys: [], ...(zone === undefined ? {} : { zone }) },
    ]),
  );
const SPREAD = { h1: 'berlin', h2: 'paris', h3: 'berlin', h4: undefined, h5: 'paris', h6: 'berlin' };

describe('zones', () => {
  test('a step on machines of several zones runs on each in its own, and its batches hold over all of them', async () => {
    await using central = await workerOf({ central: true, zones: [] });
    await using berlin = await workerOf({ central: false, zones: ['berlin'] });
    await using paris = await workerOf({ central: false, zones: ['paris'] });
    const names = Object.keys(SPREAD);
    const events = await finish(
      `${RUN}0`,
      graphOf([node('one/h', { uses: 'test.hosts', with: { ms: 30 }, hosts: hostRule(names, { serial: [2] }) })], { hosts: hostsIn(SPREAD) }),
    );
    assert.deepEqual(central.did, ['one/h@h4']);
    assert.deepEqual(berlin.did, ['one/h@h1', 'one/h@h3', 'one/h@h6']);
    assert.deepEqual(paris.did, ['one/h@h2', 'one/h@h5']);
    const flow = events.flatMap((body) =>
      body.type === 'hostStarted' || body.type === 'hostFinished' ? [`${body.type === 'hostStarted' ? '+' : '-'}${body.host}`] : [],
    );
    for (const [first, second] of [
      [
        ['h1', 'h2'],
        ['h3', 'h4'],
      ],
      [
        ['h3', 'h4'],
        ['h5', 'h6'],
      ],
    ] as const)
      assert.ok(Math.max(...first.map((host) => flow.indexOf(`-${host}`))) < Math.min(...second.map((host) => flow.indexOf(`+${host}`))), flow.join(' '));
  });

  test('how many machines may fail is counted over all zones', async () => {
    await using _central = await workerOf({ central: true, zones: ['berlin', 'paris'] });
    const rule = hostRule(['h1', 'h2', 'h3', 'h5', 'h6'], { throttle: 1, maxErrors: 1 });
    const fails = { fail: { code: 'BROKEN' } };
    const events = await finish(
      `${RUN}1`,
      graphOf([node('one/h', { uses: 'test.hosts', with: { on: { h1: fails, h2: fails } }, hosts: rule })], {
        hosts: hostsIn(SPREAD),
        rollback: { on: [], budgetMs: 1, git: 'none' },
      }),
    );
    const ended = events.flatMap((body) => (body.type === 'hostFinished' ? [body.host] : []));
    assert.deepEqual(ended, ['h1', 'h2'], 'one failure in each zone is one too many');
    assert.ok(events.some((body) => body.type === 'runFinished' && body.state === 'failed'));
  });

  test('a step on a stack runs in the zone that has it, others in the only zone of their environment, the rest centrally', async () => {
    await using central = await workerOf({ central: true, zones: [] });
    await using berlin = await workerOf({ central: false, zones: ['berlin'] });
    await using cloud = await workerOf({ central: false, zones: ['eu-cloud'] });
    const environment = {
      production: {
        name: 'production',
        zones: [
          { name: 'berlin', provider: 'onPrem', stacks: ['vsphere'] },
          { name: 'eu-cloud', provider: 'aws', stacks: ['shop/prod'] },
        ],
      },
      inside: { name: 'inside', zones: [{ name: 'berlin', provider: 'onPrem' }] },
    };
    const on = (path: string, stack: string) => step(path, {}, { with: { stack } });
    await finish(
      `${RUN}2`,
      graphOf(
        [on('one/a', 'vsphere/prod'), on('one/b', 'shop/prod'), on('one/c', 'shop/test'), step('one/d'), step('two/e'), step('three/f')],
        { environment },
        {
          one: { environment: 'production' },
          two: { environment: 'inside' },
        },
      ),
    );
    assert.deepEqual(berlin.did.toSorted(), ['one/a', 'two/e']);
    assert.deepEqual(cloud.did, ['one/b']);
    assert.deepEqual(central.did.toSorted(), ['one/c', 'one/d', 'three/f']);
  });

  test('a zone without a worker asks for one, says so for each step once, and goes on when it comes', { timeout: 120_000 }, async () => {
    await using _central = await workerOf({ central: true, zones: ['paris'] });
    const graph = graphOf([node('one/h', { uses: 'test.hosts', hosts: hostRule(['h1', 'h2', 'h3']) }), step('one/after', {}, { needs: ['one/h'] })], {
      hosts: hostsIn(SPREAD),
    });
    const runId = `${RUN}3`;
    const ending = finish(runId, graph);
    const { journal } = opened;
    const state = async () => ((await journal.run(runId))?.state === 'attention' ? true : undefined);
    await until('attention', state);
    const data = stateOf(await journal.read(runId));
    assert.match(data.tasks.get('one/h')?.attention?.reason ?? '', /no worker of zone "berlin" takes one\/h/);
    assert.equal(data.tasks.get('one/h')?.hosts['h2'] !== 'inDoubt', true, 'the other zone was not held up');
    await using berlin = await workerOf({ central: false, zones: ['berlin'] });
    const events = await ending;
    assert.deepEqual(berlin.did.toSorted(), ['one/h@h1', 'one/h@h3']);
    const types = events.map(({ type }) => type);
    assert.equal(types.filter((type) => type === 'attentionRaised').length, 1);
    assert.equal(types.filter((type) => type === 'attentionCleared').length, 1);
    assert.ok(events.some((body) => body.type === 'runFinished' && body.state === 'succeeded'));
  });

  test('machines of several zones are watched from each, and a breach in one is a breach', async () => {
    await using berlin = await workerOf({ central: false, zones: ['berlin'] });
    await using paris = await workerOf({ central: true, zones: ['paris'] });
    const watch = {
      ...{ path: 'one/watch/up', uses: 'test.hosts', with: { on: { h2: { fail: { code: 'DOWN' } } } }, hosts: hostRule(['h1', 'h2']) },
      ...{ intervalMs: 100, initialDelayMs: 0, timeoutMs: 5_000, failureLimit: 0 },
    };
    const events = await finish(`${RUN}4`, graphOf([step('one/a', { ms: 60_000 })], { hosts: hostsIn(SPREAD) }, { one: { watch: [watch] } }));
    assert.ok(berlin.did.includes('one/watch/up@h1') && paris.did.includes('one/watch/up@h2'));
    assert.ok(events.some((body) => body.type === 'watchBreached' && /h2/.test(body.message)));
    assert.ok(events.some((body) => body.type === 'runFinished' && body.state === 'rolledBack'));
  });
});
