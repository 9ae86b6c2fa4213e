import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { z } from 'zod';
import { type Clock, Secret, SlipwayError } from '../../src/core/index.ts';
import { HostError } from '../../src/githost/index.ts';
import {
  allPages,
  apiPath,
  createApi,
  createSender,
  createTurns,
  eachSegment,
  type Exchange,
  type ExchangeRequest,
  type ExchangeResponse,
} from '../../src/githost/http/index.ts';
import { refused } from './expect.ts';

const NOW = Date.UTC(2026, 10, 23, 10);

/** A clock that only moves when somebody sleeps. */
function fakeClock() {
  let at = NOW;
  const slept: number[] = [];
  const clock: Clock = {
    now: () => at,
    monotonic: () => at,
    sleep: async (ms, signal) => {
      signal?.throwIfAborted();
      slept.push(ms);
      at += ms;
    },
  };
  return { clock, slept };
}
type Step = Partial<Omit<ExchangeResponse, 'body'>> & { readonly json?: unknown };
/** Answers in order; an error is thrown, and the last one stays. */
function scripted(...steps: readonly (Step | Error)[]) {
  const asked: ExchangeRequest[] = [];
  const exchange: Exchange = async (request) => {
    const step = steps[Math.min(asked.push(request), steps.length) - 1];
    if (step instanceof Error) throw step;
    const body = Buffer.from(JSON.stringify(step?.json === undefined ? {} : step.json));
    return { status: step?.status ?? 200, headers: step?.headers ?? {}, body, bodyBytes: step?.bodyBytes ?? body.length };
  };
  return { exchange, asked };
}
const reset = () => new SlipwayError('HTTP_UNREACHABLE', 'the connection was reset');
function made(...steps: readonly (Step | Error)[]) {
  const { clock, slept } = fakeClock();
  const { exchange, asked } = scripted(...steps);
  const sender = createSender({ exchange, clock, chance: () => 0.5 });
  const api = createApi({ base: 'https://git.example/api', authorize: () => ({ authorization: new Secret('token very-secret') }), sender });
  return { api, asked, slept, clock };
}
const get = { path: '/x' };
const post = { method: 'POST', path: '/x', body: { a: 1 } } as const;

suite('requests to a host', () => {
  test('what passes is waited out, longer each time, and not for ever', async () => {
    const { api, asked, slept } = made({ status: 502 }, reset(), { status: 503 }, { json: { ok: 1 } });
    assert.equal((await api.send(get)).status, 200);
    assert.deepEqual([asked.length, slept], [4, [500, 1_000, 2_000]]);
    const gone = made({ status: 500 });
    await assert.rejects(
      gone.api.send(get),
      (thrown: HostError) => refused('HOST_FAILED')(thrown) && !thrown.uncertain && thrown.retry === 'afterBackoff' && thrown.status === 500,
    );
    assert.equal(gone.asked.length, 4);
    const down = made(reset());
    await assert.rejects(down.api.send(get), (thrown: HostError) => refused('HOST_UNREACHABLE')(thrown) && !thrown.uncertain);
  });

  test('what must not happen twice is sent once, and nobody claims to know whether it happened', async () => {
    for (const step of [{ status: 502 }, reset()]) {
      const { api, asked } = made(step, { status: 201 });
      await assert.rejects(api.send(post), (thrown: HostError) => thrown.uncertain);
      assert.equal(asked.length, 1);
    }
    const safe = made({ status: 502 }, { status: 201 });
    assert.equal((await safe.api.send({ ...post, repeatable: true })).status, 201);
    const refusedByHost = made({ status: 422, json: { message: 'no' } });
    await assert.rejects(refusedByHost.api.send(post), (thrown: HostError) => refused('HOST_FAILED')(thrown) && !thrown.uncertain);
  });

  test('a host that is busy has done nothing: a short wait is waited, also by a write', async () => {
    const { api, asked, slept } = made({ status: 429, headers: { 'retry-after': '7' } }, { status: 201 });
    assert.equal((await api.send(post)).status, 201);
    assert.deepEqual([asked.length, slept], [2, [7_250]]);
    const dated = made({ status: 429, headers: { 'retry-after': new Date(NOW + 3_000).toUTCString() } }, {});
    await dated.api.send(get);
    assert.deepEqual(dated.slept, [3_250]);
  });

  test('a long wait is told instead: the worker comes back then', async () => {
    const until = NOW / 1_000 + 1_800;
    const limits: readonly [Step, number][] = [
      [{ status: 403, headers: { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(until) } }, NOW + 1_801_000],
      [{ status: 429, headers: { 'ratelimit-remaining': '0', 'ratelimit-reset': String(until) } }, NOW + 1_801_000],
      [{ status: 403, headers: { 'retry-after': '3600' } }, NOW + 3_600_000],
      [{ status: 403, json: { message: 'You have exceeded a secondary rate limit. Please wait.' } }, NOW + 60_000],
      [{ status: 429 }, NOW + 60_000],
    ];
    for (const [step, retryAt] of limits) {
      const { api, asked } = made(step);
      await assert.rejects(
        api.send(get),
        (thrown: HostError) =>
          refused('HOST_RATE_LIMITED')(thrown) && thrown.retryAt === retryAt && thrown.hint?.includes(new Date(retryAt).toISOString()) === true,
      );
      assert.equal(asked.length, 1);
    }
    await assert.rejects(
      made({ status: 403, headers: { 'x-ratelimit-remaining': '12' }, json: { message: 'Resource not accessible' } }).api.send(get),
      refused('HOST_DENIED'),
    );
    await assert.rejects(
      made({ status: 429, headers: { 'retry-after': '1' } }).api.send(get),
      refused('HOST_RATE_LIMITED'),
      'a short wait again and again is a long one',
    );
  });

  test('statuses, in words of the host that cannot be markup of ours', async () => {
    const cases: readonly [number, string][] = [
      [401, 'HOST_DENIED'],
      [403, 'HOST_DENIED'],
      [404, 'HOST_NOT_FOUND'],
      [410, 'HOST_NOT_FOUND'],
      [409, 'HOST_FAILED'],
      [301, 'HOST_FAILED'],
    ];
    for (const [status, code] of cases)
      await assert.rejects(
        made({ status, json: { message: `no\u001B[31m\nbecause ${'x'.repeat(500)}` } }).api.send(get),
        (thrown: Error) => refused(code)(thrown) && !thrown.message.includes('\u001B') && !thrown.message.includes('\n') && thrown.message.length < 300,
      );
    for (const json of [{ errors: [{ message: 'said so' }] }, { error: 'said so' }, { message: { base: ['said so'] } }])
      await assert.rejects(made({ status: 400, json }).api.send(get), /said so/);
    await assert.rejects(made({ status: 400, json: [] }).api.send(get), /status 400/);
  });

  test('a credential is shown to nobody but the host', async () => {
    const { api, asked } = made({ status: 500 });
    await assert.rejects(
      api.send(get),
      (thrown: Error) => !JSON.stringify([thrown, thrown.message, thrown.stack, String(thrown.cause)]).includes('very-secret'),
    );
    assert.ok(asked[0]?.headers['authorization'] instanceof Secret);
    assert.equal(asked[0].followRedirects, false);
    assert.ok(!JSON.stringify(asked).includes('very-secret'));
  });

  test('what has not changed is not sent again, and is asked for all the same', async () => {
    const { api, asked } = made(
      { headers: { etag: '"1"' }, json: { n: 1 } },
      { status: 304 },
      { headers: { etag: '"2"' }, json: { n: 2 } },
      { status: 304 },
      { json: { n: 3 } },
    );
    const shape = z.object({ n: z.number() });
    const read = () => api.read(shape, get);
    assert.deepEqual([await read(), await read(), await read(), await read()], [{ n: 1 }, { n: 1 }, { n: 2 }, { n: 2 }]);
    assert.deepEqual(
      asked.map(({ headers }) => headers['if-none-match']),
      [undefined, '"1"', '"1"', '"2"'],
    );
    await api.send({ ...get, query: { page: 2 } });
    assert.equal(asked.at(-1)?.headers['if-none-match'], undefined, 'another address is another answer');
  });

  test('an answer of another shape, or without end, is refused', async () => {
    const shape = z.object({ n: z.number() });
    await assert.rejects(made({ json: { n: 'x' } }).api.read(shape, get), refused('HOST_ANSWER'));
    await assert.rejects(made({ json: { n: 1 }, bodyBytes: 1e9 }).api.read(shape, get), refused('HOST_ANSWER'));
    assert.deepEqual(await made({ json: { n: 1, later: {} } }).api.read(shape, get), { n: 1 });
    assert.equal(await made({ status: 404 }).api.find(shape, get), undefined);
  });

  test('a certificate that is not trusted is not asked again', async () => {
    const { api, asked } = made(new SlipwayError('HTTP_TLS', 'self-signed certificate', { hint: 'look at it' }));
    await assert.rejects(api.send(get), (thrown: HostError) => refused('HOST_UNREACHABLE')(thrown) && thrown.hint === 'look at it');
    assert.equal(asked.length, 1);
  });

  test('who stops waiting is let go, also between two tries', async () => {
    const stop = new AbortController();
    const { clock } = fakeClock();
    const exchange: Exchange = async () => {
      stop.abort(new Error('enough'));
      throw reset();
    };
    const sender = createSender({ exchange, clock, chance: () => 0 });
    await assert.rejects(sender({ method: 'GET', url: 'https://git.example/', headers: {}, repeatable: true, signal: stop.signal }), /enough/);
  });

  test('pages are counted, never followed', async () => {
    const item = z.int();
    const pages = async (...steps: Step[]) => {
      const { api, asked } = made(...steps);
      const all = await allPages(api, { item, call: get, most: 5 });
      return { all, asked: asked.map(({ url }) => url) };
    };
    const next = { link: '<https://evil.example/x?page=2>; rel="next"' };
    const two = await pages({ json: [1, 2], headers: next }, { json: [3], headers: { link: '<https://git.example/x?page=1>; rel="prev"' } });
    assert.deepEqual(two, { all: [1, 2, 3], asked: ['https://git.example/api/x?page=1&limit=100', 'https://git.example/api/x?page=2&limit=100'] });
    assert.deepEqual((await pages({ json: [1, 2], headers: { 'x-total-count': '3' } }, { json: [3], headers: { 'x-total-count': '3' } })).all, [1, 2, 3]);
    assert.deepEqual((await pages({ json: [1] }, { json: [2] }, { json: [] })).all, [1, 2], 'a host that says nothing is asked until it is empty');
    assert.deepEqual((await pages({ json: null })).all, []);
    await assert.rejects(pages({ json: [1, 2, 3], headers: next }), refused('PULL_TOO_LARGE'));
  });

  test('values stay within their segment', () => {
    assert.equal(apiPath`/repos/${'a/b'}/pulls/${7}`, '/repos/a%2Fb/pulls/7');
    assert.equal(apiPath`/x/${'?#%\n'}`, '/x/%3F%23%25%0A');
    for (const value of ['', '.', '..']) assert.throws(() => apiPath`/x/${value}`, refused('HOST_NAME'));
    assert.equal(eachSegment('a b/c?d'), 'a%20b/c%3Fd');
    assert.throws(() => eachSegment('a/../b'), refused('HOST_NAME'));
  });

  test('writes take turns with a pause between, and one that fails holds up nobody', async () => {
    const { clock, slept } = fakeClock();
    const turns = createTurns(clock, 1_000);
    const order: string[] = [];
    const act = (name: string, fails = false) =>
      turns(async () => {
        order.push(name);
        await Promise.resolve();
        if (fails) throw new Error(name);
        return name;
      });
    const results = await Promise.allSettled([act('a'), act('b', true), act('c')]);
    assert.deepEqual(
      [order, results.map(({ status }) => status), slept],
      [
        ['a', 'b', 'c'],
        ['fulfilled', 'rejected', 'fulfilled'],
        [1_000, 1_000],
      ],
    );
  });
});
