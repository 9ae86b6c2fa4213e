import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import { describe, it } from 'node:test';
import type { QueryOf } from '../../../src/steps/index.ts';
import { asking, credentials, failure, serving } from './support.ts';

const MINUTE = 60_000;
const FROM = Math.floor(Date.now() / MINUTE) * MINUTE - 10 * MINUTE;
const slots = { fromMs: FROM, slotMs: MINUTE, count: 2 };

function prometheus(url: string, more: Partial<QueryOf<'prometheus'>['source']> = {}): QueryOf<'prometheus'> {
  return { type: 'prometheus', source: { type: 'prometheus', name: 'shop', url, ...more }, labels: {}, parts: { value: 'up[$window]' } };
}
function endpoint(url: string, more: Partial<QueryOf<'http'>> = {}): QueryOf<'http'> {
  return { type: 'http', source: { type: 'http', name: 'kpi', url }, path: '/kpi', params: {}, parts: { value: ['orders'] }, ...more };
}
async function formOf(request: IncomingMessage): Promise<URLSearchParams> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer); // a request without encoding gives bytes
  return new URLSearchParams(Buffer.concat(chunks).toString());
}
const matrix = (values: readonly (readonly [number, string])[], more: object = {}) =>
  JSON.stringify({ status: 'success', data: { resultType: 'matrix', result: [{ metric: {}, values }] }, ...more });

describe('sources over HTTP', () => {
  it('send a token, and no failure repeats it', async () => {
    const seen: (string | undefined)[] = [];
    await using server = await serving((request, response) => {
      seen.push(request.headers.authorization, request.headers['x-scope-orgid']?.toString());
      response.writeHead(403).end('no');
    });
    using to = asking({ credential: credentials({ 'env:SLIPWAY_METRICS_SHOP': 'hush-hush-token' }) });
    const query = prometheus(server.url, { auth: { token: 'env:SLIPWAY_METRICS_SHOP' }, headers: { 'X-Scope-OrgID': 'erp' } });
    const error = await failure(to.metrics.history(query, slots, to.control));
    assert.deepEqual(seen, ['Bearer hush-hush-token', 'erp']);
    assert.equal(error.code, 'METRIC_SOURCE_DENIED');
    assert.doesNotMatch(`${error.message} ${String(error.stack)} ${JSON.stringify(error)}`, /hush/);
  });

  for (const [status, code, retry] of [
    [302, 'METRIC_SOURCE_DENIED', 'never'],
    [400, 'METRIC_QUERY_WRONG', 'never'],
    [401, 'METRIC_SOURCE_DENIED', 'never'],
    [404, 'METRIC_QUERY_WRONG', 'never'],
    [429, 'METRIC_SOURCE_DOWN', 'afterBackoff'],
    [503, 'METRIC_SOURCE_DOWN', 'afterBackoff'],
  ] as const) {
    it(`take status ${status} for ${code}`, async () => {
      await using server = await serving((_, response) => void response.writeHead(status, { location: '/login' }).end('<html>a page</html>'));
      using to = asking();
      const error = await failure(to.metrics.latest(endpoint(server.url), MINUTE, to.control));
      assert.deepEqual([error.code, error.retry], [code, retry]);
      assert.doesNotMatch(error.message, /html/);
    });
  }

  it('are down when they do not answer in time', async () => {
    await using server = await serving(() => undefined);
    using to = asking();
    const query = endpoint(server.url);
    const error = await failure(to.metrics.latest({ ...query, source: { ...query.source, timeout: 50 } }, MINUTE, to.control));
    assert.deepEqual([error.code, error.retry], ['METRIC_SOURCE_DOWN', 'afterBackoff']);
  });

  it('stop when they are told to', async () => {
    await using server = await serving(() => undefined);
    using to = asking();
    const stop = new AbortController();
    const asked = to.metrics.latest(endpoint(server.url), MINUTE, { ...to.control, signal: stop.signal });
    stop.abort(new Error('enough'));
    await assert.rejects(asked, /enough/);
  });
});

describe('Prometheus API', () => {
  it('is asked for times of its own clock, when it differs from ours', async () => {
    const AHEAD = 90_000;
    const starts: number[] = [];
    await using server = await serving((request, response) => {
      void formOf(request).then((form) => {
        starts.push(Number(form.get('start')) * 1_000);
        response.setHeader('date', new Date(Date.now() + AHEAD).toUTCString());
        response.end(matrix([[Number(form.get('start')), '7']]));
      });
    });
    using to = asking();
    const { value } = await to.metrics.history(prometheus(server.url), slots, to.control);
    assert.deepEqual(value, [{ value: 7 }, { none: 'gap' }]);
    await to.metrics.history(prometheus(server.url), slots, to.control);
    assert.equal(starts[0], FROM + MINUTE);
    for (const start of starts.slice(1)) assert.ok(Math.abs(start - (FROM + MINUTE + AHEAD)) <= 2_000, String(start - FROM));
    assert.equal(starts.length, 3, 'asked again once, because the first answer told of the difference');
    assert.deepEqual(to.notices.length, 1);
    assert.match(to.notices[0] ?? '', /the clock of shop is (89|90)\.\d s ahead of ours; its times are corrected/);
  });

  it('gives no number when it warns that its answer is incomplete', async () => {
    await using server = await serving((_, response) => void response.end(matrix([[(FROM + MINUTE) / 1_000, '7']], { warnings: ['a store is down'] })));
    using to = asking();
    const { value } = await to.metrics.history(prometheus(server.url), slots, to.control);
    assert.deepEqual(value, [{ none: 'partial' }, { none: 'partial' }]);
  });

  it('takes numbers of two series in one slot for none, and of one after the other for both', async () => {
    const [first, second] = [(FROM + MINUTE) / 1_000, (FROM + 2 * MINUTE) / 1_000];
    const result = [{ metric: { pod: 'a' }, values: [[first, '1']] }, { metric: { pod: 'b' }, values: [[first, '1'], [second, '2']] }]; // prettier-ignore
    await using server = await serving((_, response) => void response.end(JSON.stringify({ status: 'success', data: { resultType: 'matrix', result } })));
    using to = asking();
    const { value } = await to.metrics.history(prometheus(server.url), slots, to.control);
    assert.deepEqual(value, [{ none: 'manySeries' }, { value: 2 }]);
  });

  for (const body of ['[]', 'null', '"yes"', '{}', '{"status":"success"}', '{"status":"success","data":{"resultType":"vector","result":[]}}', 'not json']) {
    it(`refuses an answer such as ${body}`, async () => {
      await using server = await serving((_, response) => void response.end(body));
      using to = asking();
      assert.equal((await failure(to.metrics.history(prometheus(server.url), slots, to.control))).code, 'METRIC_QUERY_WRONG');
    });
  }
});

describe('JSON over HTTP', () => {
  const asks = async (body: string, more: Partial<QueryOf<'http'>> = {}) => {
    await using server = await serving((request, response) => void (request.url === '/kpi' ? response.end(body) : response.writeHead(404).end()));
    using to = asking();
    return await to.metrics.latest(endpoint(server.url, more), MINUTE, to.control);
  };

  it('gives the number at its place', async () => {
    assert.deepEqual(await asks('{"orders": 41.5}'), { value: { value: 41.5 } });
    const parts = { events: ['list', 0, 'bad'], trials: ['list', 0, 'all'] };
    assert.deepEqual(await asks('{"list": [{"bad": 1, "all": 20}]}', { parts }), { events: { value: 1 }, trials: { value: 20 } });
  });
  it('gives no number for what is missing, null, text, or a member that only objects have', async () => {
    assert.deepEqual(await asks('{}'), { value: { none: 'gap' } });
    assert.deepEqual(await asks('{"orders": null}'), { value: { none: 'gap' } });
    assert.deepEqual(await asks('{"orders": "41"}'), { value: { none: 'notANumber' } });
    assert.deepEqual(await asks('{"orders": 1e999}'), { value: { none: 'notANumber' } });
    assert.deepEqual(await asks('{}', { parts: { value: ['constructor', 'length'] } }), { value: { none: 'gap' } });
  });
  it('gives no number when the document is old, from the future, or does not say', async () => {
    const at = (time: unknown) => asks(JSON.stringify({ orders: 1, time }), { time: ['time'] });
    const now = Date.now();
    for (const time of [now, Math.floor(now / 1_000), new Date(now).toISOString()]) assert.deepEqual(await at(time), { value: { value: 1 } }, String(time));
    for (const time of [now - 3 * MINUTE, Math.floor(now / 1_000) + 300, new Date(now - 3 * MINUTE).toISOString(), 'yesterday', undefined, null])
      assert.deepEqual(await at(time), { value: { none: 'stale' } }, String(time));
  });
  it('sends parameters as parameters, whatever is in them', async () => {
    let seen: string | undefined;
    await using server = await serving((request, response) => {
      seen = request.url;
      response.end('{"orders": 1}');
    });
    using to = asking();
    await to.metrics.latest(endpoint(server.url, { params: { side: 'old&admin=1#', 'a b': '../x' } }), MINUTE, to.control);
    assert.equal(seen, '/kpi?side=old%26admin%3D1%23&a+b=..%2Fx');
  });
  it('cannot be asked about the past', async () => {
    using to = asking();
    await assert.rejects(to.metrics.history(endpoint('http://127.0.0.1:1'), slots, to.control), TypeError);
  });
});
