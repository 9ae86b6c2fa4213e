import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import { after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { setWeight } from '../../../src/steps/traffic/index.ts';
import { failure } from '../../effects/ssh/with-ssh.ts';
import { startHaproxy, whyNoHaproxy } from '../../support/haproxy.ts';
import { hostKind } from '../../support/host-kind.ts';
import { type Rehearsed, rehearse } from '../../support/rehearsed.ts';

const SERVERS = [
  { name: 'old1', host: 'old-1', port: 8080, weight: 100 },
  { name: 'new1', host: 'new-1', port: 8080, weight: 0 },
];
const WORLD = {
  lb: { names: ['erp.internal'], loadBalancer: { port: 8080, backend: 'erp', servers: SERVERS } },
  'old-1': { services: { erp: 'running' }, http: [{ port: 8080, service: 'erp', side: 'baseline', latencyMs: 1 }] },
  'new-1': { services: { erp: 'running' }, http: [{ port: 8080, service: 'erp', side: 'candidate', latencyMs: 1 }] },
};

/** A load balancer, whoever plays it. */
interface Balancer {
  readonly ask: (command: string) => Promise<string>;
  /** How many of so many requests each server answered. */
  readonly share: (requests: number) => Promise<{ readonly old1: number; readonly new1: number; readonly failed: number }>;
  readonly setRunning: (server: 'old1' | 'new1', isRunning: boolean) => Promise<void>;
}

async function countAnswers(url: string, requests: number, nameOf: (response: Response) => string): Promise<{ old1: number; new1: number; failed: number }> {
  const counts = { old1: 0, new1: 0, failed: 0 };
  for (let sent = 0; sent < requests; sent++) {
    const response = await fetch(url, { headers: { connection: 'close' } });
    await response.arrayBuffer();
    const name = response.status === 200 ? nameOf(response) : 'failed';
    counts[name as 'old1' | 'new1' | 'failed']++; // servers of this test have these names
  }
  return counts;
}

function contract(name: string, balancer: () => Balancer): void {
  describe(`load balancer: ${name}`, () => {
    const near = (actual: number, wanted: number): void => assert.ok(Math.abs(actual - wanted) <= 18, `${actual} is not near ${wanted}`);

    it('says its weights as HAProxy does', async () => {
      const { ask } = balancer();
      assert.match(await ask('get weight erp/old1'), /^100 \(initial 100\)\n/);
      assert.match(await ask('get weight erp/none'), /^No such server\./);
      assert.match(await ask('get weight none/old1'), /^No such backend\./);
      assert.match(await ask('set weight erp/old1 999'), /can only be between 0 and 256/);
      assert.match(await ask('nonsense'), /^Unknown command/);
      const state = await ask('show servers state erp');
      assert.match(state, /^1\n# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight srv_iweight /);
      assert.match(state, /\n3? ?\d* ?erp \d+ old1 127\.0\.0\.1 2 0 100 100 /);
      assert.match(await ask('show servers state none'), /^Can't find backend\./);
    });

    it('splits traffic by weights, and sends none to a weight of 0', async () => {
      const { ask, share } = balancer();
      assert.deepEqual(await share(40), { old1: 40, new1: 0, failed: 0 });
      assert.equal((await ask('set weight erp/new1 100')).trim(), '');
      assert.match(await ask('get weight erp/new1'), /^100 \(initial 0\)/);
      near((await share(100)).new1, 50);
      await ask('set weight erp/old1 0');
      assert.deepEqual(await share(40), { old1: 0, new1: 40, failed: 0 });
      await ask('set server erp/old1 weight 100');
      await ask('set weight erp/new1 0');
      assert.equal((await share(40)).new1, 0);
    });

    it('skips servers that are down, and those taken out', async () => {
      const { ask, share, setRunning } = balancer();
      await ask('set weight erp/new1 100');
      await setRunning('old1', false);
      assert.deepEqual(await share(20), { old1: 0, new1: 20, failed: 0 });
      const row = (await ask('show servers state erp')).split('\n').find((line) => line.includes(' old1 ')) ?? '';
      assert.equal(row.split(' ')[5], '0');
      await setRunning('old1', true);
      await ask('set server erp/new1 state maint');
      assert.deepEqual(await share(20), { old1: 20, new1: 0, failed: 0 });
      await ask('set server erp/new1 state ready');
      await setRunning('new1', true);
      await ask('set weight erp/new1 0');
    });

    it('has no answer when every server is gone', async () => {
      const { share, setRunning } = balancer();
      await setRunning('old1', false);
      await setRunning('new1', false);
      assert.equal((await share(3)).failed, 3);
      await setRunning('old1', true);
      await setRunning('new1', true);
    });
  });
}

let box: Rehearsed;
before(async () => {
  box = await rehearse(WORLD);
});
after(() => box[Symbol.asyncDispose]());

const urlOf = (name: string, port = 8080): string => {
  const target = box.world.resolve(name, port);
  assert.ok(target);
  return `http://${target.host}:${target.port}`;
};

contract('rehearsed', () => ({
  ask: async (command) =>
    (await box.exec('lb', 'exec socat -t5 stdio "$SOCKET"', { env: { SOCKET: '/run/haproxy/admin.sock' }, stdin: Buffer.from(`${command}\n`) })).stdout,
  share: (requests) =>
    countAnswers(
      `${urlOf('erp.internal')}/orders`,
      requests,
      (response) => ({ 'old-1': 'old1', 'new-1': 'new1' })[response.headers.get('x-served-by') ?? ''] ?? 'failed',
    ),
  setRunning: async (server, isRunning) => void (await box.exec(server === 'old1' ? 'old-1' : 'new-1', `systemctl ${isRunning ? 'start' : 'stop'} erp`)),
}));

const missing = whyNoHaproxy();
if (missing === undefined) {
  const servers = new Map<string, Server>();
  const ports = new Map<string, number>();
  const listen = async (name: string): Promise<void> => {
    const server = createServer((_request, response) => void response.setHeader('x-served-by', name).end('ok'));
    await new Promise<void>((resolve) => void server.listen(ports.get(name) ?? 0, '127.0.0.1', resolve));
    ports.set(name, (server.address() as { port: number }).port); // a TCP server that listens has one
    servers.set(name, server);
  };
  const stopServer = (name: string): Promise<void> =>
    new Promise((resolve) => {
      const server = servers.get(name);
      servers.delete(name);
      if (!server) return resolve();
      server.close(() => resolve());
      server.closeAllConnections();
    });
  let haproxy: Awaited<ReturnType<typeof startHaproxy>>;
  before(async () => {
    for (const { name } of SERVERS) await listen(name);
    haproxy = await startHaproxy({ backend: 'erp', servers: SERVERS.map(({ name, weight }) => ({ name, weight, port: ports.get(name) ?? 0 })) });
  });
  after(async () => {
    await haproxy.stop();
    for (const { name } of SERVERS) await stopServer(name);
  });
  contract('HAProxy', () => ({
    ask: (command) => haproxy.ask(command),
    share: (requests) => countAnswers(`http://127.0.0.1:${haproxy.port}/orders`, requests, (response) => response.headers.get('x-served-by') ?? 'failed'),
    setRunning: async (server, isRunning) => {
      await stopServer(server);
      if (isRunning) await listen(server);
      // Until its health checks have seen it.
      const wanted = isRunning ? '2' : '0';
      for (let tries = 0; tries < 100; tries++) {
        const row = (await haproxy.ask('show servers state erp')).split('\n').find((line) => line.includes(` ${server} `)) ?? '';
        if (row.split(' ')[5] === wanted) return;
        await delay(50);
      }
      assert.fail(`HAProxy does not see that ${server} is ${isRunning ? 'up' : 'down'}`);
    },
  }));
} else {
  it('says that HAProxy was not tried', (context) => {
    context.diagnostic(`THE REAL HAPROXY IS NOT AVAILABLE: ${missing}; only the rehearsed one was tried`);
  });
}

describe('a rehearsed application', () => {
  it('answers while its service runs, alike on both sides', async () => {
    const [old, fresh] = await Promise.all(['old-1', 'new-1'].map(async (name) => (await fetch(`${urlOf(name)}/orders?limit=20`)).text()));
    assert.equal(old, fresh);
    assert.notEqual(old, await (await fetch(`${urlOf('old-1')}/stock/4711`)).text());
    assert.deepEqual(await (await fetch(`${urlOf('new-1')}/health`)).json(), { status: 'ok' });
    await box.exec('new-1', 'systemctl stop erp');
    await assert.rejects(fetch(`${urlOf('new-1')}/health`));
    await box.exec('new-1', 'systemctl start erp');
    assert.equal((await fetch(`${urlOf('new-1')}/health`)).status, 200);
    assert.equal(box.world.resolve('new-1', 81), undefined);
  });

  it('is as slow, and fails as often, as it is told', async () => {
    const http = (side: string, more: object = {}) => ({ services: { a: 'running' }, http: [{ port: 80, service: 'a', side, latencyMs: 2, ...more }] });
    await using other = await rehearse(
      { base: http('baseline'), cand: http('candidate'), bad: http('baseline', { errorRate: 0.5 }) },
      { slow: { candidate: 60 }, seed: 7 },
    );
    const ask = async (name: string): Promise<{ ms: number; status: number }> => {
      const target = other.world.resolve(name, 80);
      const started = performance.now();
      const { status } = await fetch(`http://${target?.host}:${target?.port}/x`);
      return { ms: performance.now() - started, status };
    };
    const times = { base: [] as number[], cand: [] as number[] };
    for (let sent = 0; sent < 15; sent++) for (const side of ['base', 'cand'] as const) times[side].push((await ask(side)).ms);
    const median = (list: number[]): number => list.toSorted((a, b) => a - b)[7] ?? 0;
    assert.ok(median(times.cand) - median(times.base) > 40);
    const failed = (await Promise.all(Array.from({ length: 40 }, () => ask('bad')))).filter(({ status }) => status === 500).length;
    assert.ok(failed > 5 && failed < 35, String(failed));
  });
});

describe('traffic.setWeight on a rehearsed load balancer', () => {
  const kind = hostKind(setWeight);
  const driver = { type: 'haproxy', backend: 'erp', baseline: ['old1'], candidate: ['new1'] };

  it('moves traffic there and back', async () => {
    assert.deepEqual((await kind.executeHost({ weight: 50, driver }, box.context('lb'))).outputs, { weight: 50, previousWeight: 0 });
    const answer = await countAnswers(`${urlOf('erp.internal')}/orders`, 60, (response) => (response.headers.get('x-served-by') === 'new-1' ? 'new1' : 'old1'));
    assert.ok(answer.new1 > 12 && answer.old1 > 12 && answer.failed === 0);
    assert.equal((await kind.executeHost({ weight: 50, driver }, box.context('lb'))).status, 'ok');
    assert.equal((await kind.executeHost({ weight: 0, driver }, box.context('lb'))).status, 'changed');
  });

  it('refuses a side that does not run', async () => {
    await box.exec('new-1', 'systemctl stop erp');
    assert.equal((await failure(kind.executeHost({ weight: 10, driver }, box.context('lb')))).code, 'TRAFFIC_SIDE_DOWN');
    await box.exec('new-1', 'systemctl start erp');
  });
});
