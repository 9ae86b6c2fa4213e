import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { inventoryOf } from './files.ts';
import { type Machine, openMachine } from './machine.ts';
import { openSite, type Site } from './site.ts';
import { eventsIn } from './support.ts';
import { tracesBelow, tracesIn } from './traces.ts';

/** A real run that asks real sources: a server that wants a token, and a command on a machine. Nothing is rehearsed. */

/** With characters that JSON and URLs write differently. */
const CANARY = 'mK4+/w Xq"9\\Tp2#vRz7';
const POLICY = `package slipway.site

deny contains {"msg": "nobody answers for it"} if not input.runbook.owner
`;

let machine: Machine;
let server: Server;
let url = '';
before(async () => {
  machine = await openMachine();
  server = createServer((request, response) => {
    if (request.headers.authorization !== `Bearer ${CANARY}`) return void response.writeHead(401).end(`not ${request.headers.authorization ?? 'anybody'}`);
    response.end(JSON.stringify({ orders: 41.5, at: Date.now() }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`; // a TCP server that listens has a port
});
after(async () => {
  server.close();
  await machine[Symbol.asyncDispose]();
});

function site(): Site {
  const environment = { apiVersion: 'slipway/v1', kind: 'Environment', metadata: { name: 'lab', owner: 'team-shop' }, metricSources: { kpi: { type: 'http', url, auth: { token: 'env:SLIPWAY_METRICS_KPI' } } } }; // prettier-ignore
  const baseline = { type: 'command', host: 'web-1', cmd: 'echo "$ORDERS"', env: { ORDERS: '${{ inputs.orders }}' } };
  const candidate = { type: 'http', from: 'kpi', path: '/orders', value: '$.orders', time: '$.at' };
  const steps = [
    { id: 'enough', uses: 'check.metric', with: { source: candidate, expect: '>40' }, retry: { attempts: 1 } },
    {
      id: 'collect',
      uses: 'metrics.collect',
      with: { metrics: [{ name: 'orders', kind: 'numeric', source: { baseline, candidate } }], duration: '12s', slot: '4s' },
    },
  ];
  const runbook = {
    ...{ apiVersion: 'slipway/v1', kind: 'Runbook', metadata: { name: 'measure', owner: 'team-shop', tier: 3 } },
    inputs: { orders: { type: 'number' } },
    phases: [{ id: 'look', type: 'custom', environment: 'lab', steps }],
  };
  return openSite(
    {
      'policies/site.rego': POLICY,
      'runbooks/estate.yaml': inventoryOf(machine),
      'runbooks/lab.yaml': JSON.stringify(environment),
      'runbooks/measure.yaml': JSON.stringify(runbook),
    },
    machine.env,
  );
}
const APPLY = ['apply', 'measure', '--yes', '--input', 'orders=40.25'];

describe('metrics of a real run', { concurrency: 1 }, () => {
  test('come from a server that wants a token, which nobody sees, and from a command', async () => {
    using at = site();
    const ended = await at.run(0, APPLY, { env: { SLIPWAY_METRICS_KPI: CANARY } });
    const outputs = eventsIn(at.home).find(({ body }) => body.type === 'stepFinished' && body.path === 'look/collect')?.body['result'];
    const [orders] = (outputs as { outputs: { metrics: { baseline: { mean: number; slots: number }; candidate: { mean: number } }[] } }).outputs.metrics;
    assert.deepEqual([orders?.baseline.mean, orders?.candidate.mean], [40.25, 41.5]);
    assert.ok((orders?.baseline.slots ?? 0) >= 1);
    assert.deepEqual(tracesBelow(at.home, CANARY), []);
    assert.deepEqual(tracesIn(Buffer.from(ended.stdout + ended.stderr), CANARY, 'what was said'), []);
  });

  test('fail with what is missing, or with who refuses us, and not with the token', async () => {
    using at = site();
    const missing = await at.run(13, APPLY);
    assert.match(missing.stderr, /METRIC_CREDENTIAL_MISSING.*SLIPWAY_METRICS_KPI, which is not set/);
    const short = await at.run(13, APPLY, { env: { SLIPWAY_METRICS_KPI: 'abc' } });
    assert.match(short.stderr, /METRIC_CREDENTIAL_MISSING.*shorter than 6 characters/);
    const refused = await at.run(13, APPLY, { env: { SLIPWAY_METRICS_KPI: `${CANARY}!` } });
    assert.match(refused.stderr, /METRIC_SOURCE_DENIED: the metric source kpi refuses us: status 401/);
    assert.deepEqual(tracesIn(Buffer.from(refused.stdout + refused.stderr), CANARY, 'what was said'), []);
    assert.deepEqual(tracesBelow(at.home, CANARY), []);
  });
});
