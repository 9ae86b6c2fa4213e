import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { SlipwayError } from '../../../src/core/index.ts';
import { checkHttp, checkTcp } from '../../../src/steps/check/index.ts';
import { parseJsonPath, valueAt } from '../../../src/steps/check/expect.ts';
import type { HttpRequest, HttpResponse } from '../../../src/steps/index.ts';
import { contextWith, failsWith, jumpingClock } from '../context.ts';

const answer = (status: number, body = '', totalMs = 5): HttpResponse => ({ status, headers: {}, body: Buffer.from(body), bodyBytes: body.length, totalMs });

/** Run check.http against answers given in turn; the last one is repeated. */
async function check(input: object, answers: readonly (HttpResponse | SlipwayError)[], abort?: AbortController) {
  const asked: HttpRequest[] = [];
  const clock = jumpingClock();
  const request = async (each: HttpRequest) => {
    const next = answers[Math.min(asked.push(each), answers.length) - 1];
    if (abort && asked.length === 2) abort.abort(new Error('enough'));
    if (next === undefined || next instanceof SlipwayError) throw next;
    return next;
  };
  const context = contextWith({ http: { request }, clock }, abort ? { signal: abort.signal } : {});
  assert.ok(checkHttp.target === 'none');
  const run = checkHttp.execute(checkHttp.with.parse({ url: 'http://erp.internal/health', ...input }), context);
  const outcome = await run.catch((thrown: unknown) => thrown);
  return { outcome, asked, clock, context };
}
const fails = (outcome: unknown, message: RegExp) => assert.ok(failsWith('CHECK_FAILED', message)(outcome), String(outcome));

describe('check.http', () => {
  test('takes any 2xx unless told, and says what it saw', async () => {
    const { outcome, asked } = await check({}, [answer(204)]);
    assert.deepEqual(outcome, { status: 'ok', outputs: { status: 204, latencyMs: 5, attempts: 1 }, summary: '204 in 5 ms' });
    assert.deepEqual([asked[0]?.method, asked[0]?.timeoutMs, asked[0]?.followRedirects], ['GET', 10_000, false]);
    fails((await check({}, [answer(302)])).outcome, /status 302 instead of 2xx/);
  });
  test('lists everything that is wrong, not only the first', async () => {
    const expect = { status: [200, 201], bodyContains: 'ready', jsonPath: { '$.state': 'up', '$.items[1].id': 7, '$.none': 1 }, maxLatency: '1s' };
    const { outcome } = await check({ expect }, [answer(500, '{"state":"down","items":[{},{"id":8}]}', 1_500)]);
    fails(
      outcome,
      /status 500 instead of 200 or 201; the body does not contain "ready"; \$\.state is "down" instead of "up"; \$\.items\[1\]\.id is 8 instead of 7; \$\.none is missing; took 1500 ms/,
    );
  });
  test('compares JSON values whatever the order of their members', async () => {
    const body = '{"a":{"x":1,"y":[1,2]}}';
    assert.ok(!((await check({ expect: { jsonPath: { '$.a': { y: [1, 2], x: 1 } } } }, [answer(200, body)])).outcome instanceof Error));
    fails((await check({ expect: { jsonPath: { '$.a': { y: [2, 1], x: 1 } } } }, [answer(200, body)])).outcome, /\$\.a is/);
    fails((await check({ expect: { jsonPath: '$.a' } }, [answer(200, 'no json')])).outcome, /the body is not JSON/);
  });
  test('asks again as often as told, waiting in between', async () => {
    const down = new SlipwayError('HTTP_UNREACHABLE', 'refused');
    const { outcome, clock, context } = await check({ attempts: 4, interval: '3s' }, [down, answer(503), answer(200)]);
    assert.equal((outcome as { outputs: { attempts: number } }).outputs.attempts, 3);
    assert.deepEqual(clock.slept, [3_000, 3_000]);
    assert.equal(context.beats.length, 2);
    assert.match(context.lines[0] ?? '', /attempt 1 of 4: refused/);
    const given = await check({ attempts: 2 }, [down]);
    assert.equal(given.outcome, down);
    assert.equal(given.asked.length, 2);
  });
  test('stops at once when it is cancelled', async () => {
    const { asked } = await check({ attempts: 50 }, [answer(503)], new AbortController());
    assert.equal(asked.length, 2);
  });
  test('refuses what is not an address, a path or a status', () => {
    for (const wrong of [
      { url: 'ftp://x' },
      { url: 'erp' },
      { url: 'http://x', expect: { jsonPath: 'state' } },
      { url: 'http://x', expect: { status: 42 } },
      { url: 'http://x', headers: { 'a b': 'c' } },
    ])
      assert.ok(!checkHttp.with.safeParse(wrong).success, JSON.stringify(wrong));
  });
});

test('JSON paths name one value', () => {
  const document = { a: [{ 'odd name': { 'x"y': 1 } }], b: null };
  const at = (path: string) => valueAt(document, parseJsonPath(path) ?? ['?']);
  assert.equal(at('$.a[0]["odd name"]["x\\"y"]'), 1);
  assert.equal(at('$.b'), null);
  assert.deepEqual(at('$'), document);
  for (const missing of ['$.c', '$.a[1]', '$.a.b', '$.b.c', '$.toString']) assert.equal(at(missing), undefined, missing);
  for (const wrong of ['a', '$a', '$..a', '$.a[*]', '$.a[-1]', '$.']) assert.equal(parseJsonPath(wrong), undefined, wrong);
});

test('check.tcp asks again as often as told', async () => {
  assert.ok(checkTcp.target === 'none');
  let tries = 0;
  const connect = async () => {
    if (++tries < 3) throw new SlipwayError('TCP_UNREACHABLE', 'refused');
    return { connectMs: 2 };
  };
  const input = checkTcp.with.parse({ host: 'db.internal', port: 5432, attempts: 3 });
  const outcome = await checkTcp.execute(input, contextWith({ tcp: { connect }, clock: jumpingClock() }));
  assert.deepEqual(outcome.outputs, { connectMs: 2, attempts: 3 });
  tries = -10;
  await assert.rejects(checkTcp.execute(input, contextWith({ tcp: { connect }, clock: jumpingClock() })), failsWith('TCP_UNREACHABLE'));
  assert.ok(!checkTcp.with.safeParse({ host: 'db;rm', port: 1 }).success);
});
