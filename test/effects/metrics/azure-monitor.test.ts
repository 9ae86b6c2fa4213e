import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { describe, it } from 'node:test';
import type { QueryOf } from '../../../src/steps/index.ts';
import { selfSigned } from '../http/certificate.ts';
import { asking, failure } from './support.ts';

const MINUTE = 60_000;
const FROM = Math.floor(Date.now() / MINUTE) * MINUTE - 10 * MINUTE;
const slots = (count: number, slotMs = MINUTE) => ({ fromMs: FROM, slotMs, count });
const at = (slot: number) => new Date(FROM + slot * MINUTE).toISOString();
const RESOURCE = '/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/shop/providers/Microsoft.Network/applicationGateways/front';
const REQUESTS: QueryOf<'azureMonitor'> = {
  type: 'azureMonitor',
  source: { type: 'azureMonitor', name: 'azure', region: 'westeurope' },
  resource: RESOURCE,
  namespace: 'Microsoft.Network/applicationGateways',
  parts: {
    events: { metric: 'ResponseStatus', aggregation: 'total', dimensions: { HttpStatusGroup: '5xx', Listener: "o'hara" } },
    trials: { metric: 'TotalRequests', aggregation: 'total', dimensions: {} },
  },
};

interface Asked {
  readonly url: URL;
  readonly body: unknown;
  readonly authorization: string | undefined;
}
type Point = { readonly timeStamp: string; readonly [aggregation: string]: string | number };
/** The form of what `metrics:getBatch` answers. */
const answered = (name: string, series: readonly (readonly Point[])[], more: object = {}) => ({
  values: [
    {
      ...{ starttime: at(0), endtime: at(3), interval: 'PT1M', namespace: REQUESTS.namespace, resourceregion: 'westeurope', resourceid: RESOURCE },
      value: [
        {
          ...{ id: `${RESOURCE}/providers/Microsoft.Insights/metrics/${name}`, type: 'Microsoft.Insights/metrics', unit: 'Count', errorCode: 'Success' },
          name: { value: name, localizedValue: name },
          timeseries: series.map((data) => ({ metadatavalues: [], data })),
          ...more,
        },
      ],
    },
  ],
});

/** The real SDK, over TLS as it insists, against a server that speaks like Azure Monitor. */
async function withAzure<T>(
  answer: (metric: string) => { readonly status?: number; readonly body: object },
  use: (to: ReturnType<typeof asking>, asked: readonly Asked[]) => Promise<T>,
): Promise<T> {
  const asked: Asked[] = [];
  const certificate = selfSigned('localhost', new Date());
  const server = createServer(certificate, (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const url = new URL(request.url ?? '/', 'https://localhost');
      asked.push({ url, body: JSON.parse(Buffer.concat(chunks).toString()), authorization: request.headers.authorization });
      const { status = 200, body } = answer(url.searchParams.get('metricnames') ?? '');
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo; // a TCP server that listens has one
  const credential = { getToken: async () => ({ token: 'hush-hush-token', expiresOnTimestamp: Date.now() + 3_600_000 }) };
  const override = { endpoint: `https://localhost:${port}`, credential, options: { tlsOptions: { ca: certificate.cert }, retryOptions: { maxRetries: 0 } } };
  using to = asking({ override: { azureMonitor: override } });
  try {
    return await use(to, asked);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

describe('Azure Monitor, through its SDK', () => {
  it('is asked for each part with its own filter, and gives a gap where it has nothing', async () => {
    const answer = (metric: string) => ({
      body: answered(metric, [metric === 'TotalRequests' ? [{ timeStamp: at(0), total: 100 }, { timeStamp: at(1) }, { timeStamp: at(2), total: 90 }] : []]), // prettier-ignore
    });
    await withAzure(answer, async (to, asked) => {
      const found = await to.metrics.history(REQUESTS, slots(3), to.control);
      assert.deepEqual(found, { events: [{ none: 'gap' }, { none: 'gap' }, { none: 'gap' }], trials: [{ value: 100 }, { none: 'gap' }, { value: 90 }] });
      const events = asked.find(({ url }) => url.searchParams.get('metricnames') === 'ResponseStatus');
      assert.equal(events?.url.pathname, '/subscriptions/11111111-2222-3333-4444-555555555555/metrics:getBatch');
      assert.equal(events?.url.searchParams.get('filter'), "HttpStatusGroup eq '5xx' and Listener eq 'o''hara'");
      assert.deepEqual(
        ['interval', 'aggregation', 'metricnamespace', 'starttime', 'endtime'].map((name) => events?.url.searchParams.get(name)),
        ['PT1M', 'total', REQUESTS.namespace, at(0), at(3)],
      );
      assert.deepEqual(events?.body, { resourceids: [RESOURCE] });
      assert.equal(events?.authorization, 'Bearer hush-hush-token');
    });
  });

  it('gives no number for more than one series', async () => {
    const two = [[{ timeStamp: at(0), total: 1 }], [{ timeStamp: at(0), total: 2 }, { timeStamp: at(1), total: 3 }]]; // prettier-ignore
    await withAzure(
      (metric) => ({ body: answered(metric, two) }),
      async (to) => assert.deepEqual((await to.metrics.history(REQUESTS, slots(2), to.control)).trials, [{ none: 'manySeries' }, { value: 3 }]),
    );
  });

  for (const [what, answer, code, retry] of [
    ['a wrong metric', { status: 400, body: { error: { code: 'BadRequest', message: 'Failed to find metric configuration' } } }, 'METRIC_QUERY_WRONG', 'never'],
    ['somebody who may not', { status: 403, body: { error: { code: 'AuthorizationFailed', message: 'no permission' } } }, 'METRIC_SOURCE_DENIED', 'never'],
    ['being asked too often', { status: 429, body: { error: { code: 'TooManyRequests', message: 'slow down' } } }, 'METRIC_SOURCE_DOWN', 'afterBackoff'],
    ['a fault of its own', { status: 503, body: { error: { code: 'ServiceUnavailable', message: 'sorry' } } }, 'METRIC_SOURCE_DOWN', 'afterBackoff'],
    ['an error of one metric', { body: answered('x', [], { errorCode: 'Throttled', errorMessage: 'later' }) }, 'METRIC_SOURCE_DOWN', 'afterBackoff'],
    ['an unknown dimension', { body: answered('x', [], { errorCode: 'InvalidSamplingType', errorMessage: 'no' }) }, 'METRIC_QUERY_WRONG', 'never'],
  ] as const) {
    it(`answers ${what} with ${code}`, async () => {
      await withAzure(
        () => answer,
        async (to) => {
          const error = await failure(to.metrics.history(REQUESTS, slots(2), to.control));
          assert.deepEqual([error.code, error.retry], [code, retry], error.message);
          assert.doesNotMatch(`${error.message}${JSON.stringify(error)}`, /hush/);
        },
      );
    });
  }

  it('counts by its own lengths of time only, and is refused in a rehearsal', async () => {
    await withAzure(
      () => ({ body: {} }),
      async (to, asked) => {
        const error = await failure(to.metrics.history(REQUESTS, slots(2, 90_000), to.control));
        assert.equal(error.code, 'METRIC_QUERY_WRONG');
        assert.match(error.message, /no numbers for every 90 s; use 1m, 5m/);
        assert.equal(asked.length, 0);
      },
    );
    using rehearsed = asking({ rehearsal: true });
    assert.equal((await failure(rehearsed.metrics.latest(REQUESTS, MINUTE, rehearsed.control))).code, 'METRIC_NOT_REHEARSED');
  });
});
