import assert from 'node:assert/strict';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Client, Connection } from '@temporalio/client';
import { stateOf } from '../../src/engine/index.ts';
import { openTemporal } from '../../src/engine/temporal/index.ts';
import { executorOf, outsideOf, record } from '../engine/conformance/rig.ts';
import { step } from '../engine/conformance/scenarios-flow.ts';
import { type Opened, sqlite } from '../engine/conformance/stores.ts';
import { begin, handsOf, QUICK } from '../engine/conformance/temporal.ts';
import { graphOf, node } from '../engine/support.ts';
import { until } from '../scenario/site.ts';
import { type DevServer, startServer } from './server.ts';

/** Workers of two builds side by side: a run stays with the build that began it. (That newer code replays older histories is tested without a server.) */

const QUEUE = 'pinned';
let server: DevServer;
let opened: Opened;
let client: Client;
before(async () => {
  server = await startServer(process.env['SLIPWAY_TEMPORAL'] ?? '');
  opened = await sqlite.open(() => false);
  client = new Client({ connection: await Connection.connect({ address: server.address }) });
});
after(async () => {
  await client.connection.close();
  await opened[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

async function workerOf(buildId: string): Promise<{ readonly did: string[] } & AsyncDisposable> {
  const { journal } = opened;
  const { kinds } = outsideOf(opened.place.dir);
  const did: string[] = [];
  const settings = { address: server.address, namespace: 'default', queue: QUEUE, buildId };
  const engine = openTemporal({ settings, cacheDir: join(tmpdir(), 'slipway-test-workflows'), kinds, rules: QUICK });
  const stop = new AbortController();
  const { promise: ready, resolve } = Promise.withResolvers<void>();
  const hands = {
    ...handsOf(journal, kinds, engine),
    toolsOf: async (runId: string) => {
      const executor = executorOf(journal, runId, kinds);
      const execute: typeof executor.execute = (task, control) => {
        did.push(`${runId.slice(-4)} ${task.path}`);
        return executor.execute(task, control);
      };
      return { executor: { ...executor, execute }, [Symbol.dispose]: () => undefined };
    },
  };
  const options = { central: true, zones: [], drainMs: 500, concurrency: 20, notice: () => undefined };
  const working = engine.work(hands, { ...options, signal: stop.signal, ready: resolve });
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

/** New runs begin on this build from now on; the server learns of a build when its first worker asks. */
async function makeCurrent(buildId: string): Promise<void> {
  await until(`build ${buildId} to be current`, () =>
    client.workflowService.setWorkerDeploymentCurrentVersion({ namespace: 'default', deploymentName: QUEUE, buildId }).then(
      () => true,
      () => undefined,
    ),
  );
}

test('a run stays with the build that began it, new ones begin on the new build', { timeout: 120_000 }, async () => {
  const { journal } = opened;
  await using old = await workerOf('1.0.0');
  await makeCurrent('1.0.0');
  await using engine = openTemporal({
    settings: { address: server.address, namespace: 'default', queue: QUEUE },
    cacheDir: tmpdir(),
    kinds: outsideOf(opened.place.dir).kinds,
    rules: QUICK,
  });
  const graph = graphOf([
    step('one/a'),
    node('one/wait', { uses: 'wait.signal', with: { name: 'go' }, timeoutMs: 0, needs: ['one/a'] }),
    step('one/b', {}, { needs: ['one/wait'] }),
  ]);
  const go = { type: 'signalReceived', id: 'go', name: 'go', by: 'user:bo', payload: null } as const;
  const [first, second] = ['run-20261123-000000aaaa', 'run-20261123-000000bbbb'] as const;
  await record(journal, { runId: first, graph });
  await begin(engine, first);
  await until('the first run to wait', async () => ((await journal.run(first))?.state === 'waiting' ? true : undefined));
  await using now = await workerOf('2.0.0');
  await makeCurrent('2.0.0');
  await record(journal, { runId: second, graph });
  await begin(engine, second);
  for (const runId of [second, first]) {
    await engine.ask(runId, go);
    await until('the end', async () => stateOf(await journal.read(runId)).finished);
  }
  assert.deepEqual(old.did, ['aaaa one/a', 'aaaa one/b']);
  assert.deepEqual(now.did, ['bbbb one/a', 'bbbb one/b']);
});
