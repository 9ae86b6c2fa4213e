import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { JsonObject } from '../../src/core/index.ts';
import { type Answer, openSite, type Site, until, untilRun } from './site.ts';

let site: Site;
const tokens: { [name: string]: string } = {};
before(async () => {
  site = await openSite();
  tokens['root'] = await site.token('root', '*');
  tokens['look'] = await site.token('look', '*');
  tokens['ci'] = await site.token('ci', 'run.*', 'plan.*', '*.read');
});
after(async () => site[Symbol.asyncDispose]());

const as = (
  name: string,
  path: string,
  body?: unknown,
  more: { readonly method?: string; readonly headers?: { readonly [name: string]: string } } = {},
): Promise<Answer> => site.call(path, { token: tokens[name] ?? '', ...(body === undefined ? {} : { body }), ...more });
const items = ({ json }: Answer): readonly JsonObject[] => json['items'] as unknown as readonly JsonObject[];
const start = async (runbook: string, inputs: JsonObject = {}): Promise<string> => (await as('root', '/v1/runs', { runbook, inputs })).get('id');

describe('runs', () => {
  test('are started, read, listed by pages, and not sent again to whoever has them', async () => {
    const runs = [await start('greet', { name: 'r-one' }), await start('greet', { name: 'r-two' }), await start('greet', { name: 'r-three' })];
    for (const run of runs) await untilRun(site, tokens['root'] ?? '', run, 'succeeded');
    const listed: string[] = [];
    for (let path = '/v1/runs?limit=2&state=succeeded'; path !== '';) {
      const page = await as('root', path);
      listed.push(...items(page).map(({ id }) => id as string));
      path = page.json['next'] === undefined ? '' : `/v1/runs?limit=2&state=succeeded&cursor=${page.get('next')}`;
    }
    assert.deepEqual(listed.slice(0, 3).toSorted(), runs.toSorted());
    assert.equal(new Set(listed).size, listed.length);
    const one = await as('root', `/v1/runs/${runs[0] ?? ''}`);
    const etag = one.headers.get('etag') ?? '';
    assert.match(etag, /^"[\w-]{20,}"$/);
    const known = await as('root', `/v1/runs/${runs[0] ?? ''}`, undefined, { headers: { 'if-none-match': `W/${etag}, "other"` } });
    assert.deepEqual([known.status, known.text], [304, '']);
    const logs = await as('root', `/v1/runs/${runs[0] ?? ''}/logs`);
    assert.equal(logs.status, 200);
    assert.equal((await as('root', `/v1/runs/${runs[0] ?? ''}/verification`)).json['ok'], true);
  });

  test('are the same when asked for with the same key, and nobody shares keys', async () => {
    const ask = (name: string, key: string, who: string): Promise<Answer> =>
      as(name, '/v1/runs', { runbook: 'greet', inputs: { name: who } }, { headers: { 'idempotency-key': key } });
    const [one, two] = [await ask('root', 'k1', 'key'), await ask('root', 'k1', 'key')];
    assert.equal(one.get('id'), two.get('id'));
    assert.equal(two.json['repeated'], true);
    assert.notEqual((await ask('ci', 'k1', 'key')).get('id'), one.get('id'));
    assert.equal((await ask('root', 'k1', 'other')).get('code'), 'IDEMPOTENCY_MISMATCH');
    assert.equal((await ask('root', 'with space', 'x1')).get('code'), 'BAD_KEY');
  });

  test('are voted on by those who are asked, through the API, and go on', async () => {
    const run = await start('gated');
    await until('the gate', async () => ((await as('root', `/v1/runs/${run}`)).get('state') === 'waiting' ? true : undefined));
    const own = await as('root', `/v1/runs/${run}/votes`, { decision: 'approve' });
    assert.deepEqual([own.status, own.get('code')], [403, 'NOT_ELIGIBLE']);
    const other = await as('ci', `/v1/runs/${run}/votes`, { decision: 'reject', path: 'work/other' });
    assert.deepEqual([other.status, other.get('code')], [404, 'NO_GATE']);
    assert.equal((await as('look', `/v1/runs/${run}/votes`, { decision: 'approve' })).get('code'), 'NOT_AUTHORIZED');
    assert.equal((await as('root', `/v1/runs/${run}/resolve`, { path: 'work/helo', as: 'retry' })).get('code'), 'UNKNOWN_TASK');
    const cancelled = await as('ci', `/v1/runs/${run}/cancel`, { reason: 'enough seen' });
    assert.equal(cancelled.status, 202);
    await untilRun(site, tokens['root'] ?? '', run, 'cancelled');
    assert.equal((await as('ci', `/v1/runs/${run}/pause`, {})).get('code'), 'RUN_OVER');
  });

  test('are paused, resumed, and rolled back by a run of their own', async () => {
    const run = await start('slow', { for: '4s' });
    await untilRun(site, tokens['root'] ?? '', run, 'waiting', 'running');
    assert.equal((await as('ci', `/v1/runs/${run}/pause`, { reason: 'wait' })).status, 202);
    await untilRun(site, tokens['root'] ?? '', run, 'paused');
    assert.equal((await as('ci', `/v1/runs/${run}/resume`, {})).status, 202);
    await untilRun(site, tokens['root'] ?? '', run, 'succeeded');
    const undo = await as('ci', `/v1/runs/${run}/rollback`, { reason: 'not wanted' });
    assert.equal(undo.status, 202);
    assert.notEqual(undo.get('runId'), run);
    await untilRun(site, tokens['root'] ?? '', undo.get('runId'), 'rolledBack', 'succeeded');
  });

  test('that are not there, and signals and settlements that fit nothing, say so', async () => {
    assert.equal((await as('root', '/v1/runs/run-20261123-0000000000')).status, 404);
    const run = await start('greet', { name: 'signals' });
    await untilRun(site, tokens['root'] ?? '', run, 'succeeded');
    assert.equal((await as('root', `/v1/runs/${run}/signals`, { name: 'go' })).get('code'), 'RUN_OVER');
    assert.equal((await as('root', `/v1/runs/${run}/resolve`, { path: 'work/hello', as: 'retry' })).get('code'), 'RUN_OVER');
  });
});

describe('events', () => {
  test('come as a page, and as a stream that begins behind the last one that is known', async () => {
    const run = await start('greet', { name: 'stream' });
    await untilRun(site, tokens['root'] ?? '', run, 'succeeded');
    const page = await as('root', `/v1/runs/${run}/events?after=2`);
    const seqs = items(page).map(({ seq }) => seq);
    assert.equal(seqs[0], 3);
    const stream = await as('root', `/v1/runs/${run}/events`, undefined, { headers: { accept: 'text/event-stream', 'last-event-id': '2' } });
    assert.match(stream.headers.get('content-type') ?? '', /^text\/event-stream/);
    const ids = [...stream.text.matchAll(/^id: (\d+)$/gm)].map(([, id]) => Number(id));
    assert.deepEqual(ids, seqs);
    assert.match(stream.text, /event: runFinished/);
  });

  test('of a run that is only ordered are waited for', async () => {
    const run = await start('slow', { for: '300ms' });
    const stream = await as('root', `/v1/runs/${run}/events`, undefined, { headers: { accept: 'text/event-stream' } });
    assert.match(stream.text, /id: 1\n/);
    assert.match(stream.text, /event: runFinished/);
    const refused = await start('greet', { name: 'eve' });
    const told = await as('root', `/v1/runs/${refused}/events`, undefined, { headers: { accept: 'text/event-stream' } });
    assert.match(told.text, /event: order\ndata: refused/);
  });
});

describe('plans', () => {
  test('are made, shown whole, and run exactly; a stale one is refused', async () => {
    const made = await as('ci', '/v1/plans', { runbook: 'greet', inputs: { name: 'planned' } });
    assert.equal(made.status, 202, made.text);
    const path = `/v1/plans/${made.get('id')}`;
    const ready = await until('the plan', async () => {
      const answer = await as('ci', path);
      return answer.get('state') === 'queued' ? undefined : answer;
    });
    assert.deepEqual([ready.get('state'), ready.get('decision')], ['ready', 'allow'], ready.text);
    const bundle = await as('ci', `${path}/bundle`);
    assert.equal(bundle.get('digest'), ready.get('digest'));
    assert.equal((await as('ci', `/v1/plans?digest=${ready.get('digest')}`)).get('id'), made.get('id'));
    const run = await as('ci', '/v1/runs', { plan: made.get('id') });
    const done = await untilRun(site, tokens['root'] ?? '', run.get('id'), 'succeeded', 'refused');
    assert.equal((done.json['report'] as JsonObject)['planDigest'], ready.get('digest'));
    site.commit({ 'README.md': 'moved on' });
    const stale = await as('ci', '/v1/runs', { plan: made.get('id') });
    const refused = await untilRun(site, tokens['root'] ?? '', stale.get('id'), 'succeeded', 'refused');
    assert.match(refused.text, /STALE_PLAN/);
  });

  test('that were not made here are not found', async () => {
    assert.equal((await as('ci', `/v1/plans?digest=sha256:${'0'.repeat(64)}`)).status, 404);
    assert.equal((await as('ci', '/v1/plans/plan-20261123-0000000000')).status, 404);
    assert.equal((await as('ci', '/v1/runs', { plan: 'plan-20261123-0000000000' })).status, 404);
  });
});

describe('what is read', () => {
  test('is what the caller may see, and no more', async () => {
    assert.deepEqual(
      items(await as('look', '/v1/runbooks')).map(({ name }) => name),
      ['greet'],
    );
    const all = items(await as('root', '/v1/runbooks')).map(({ name }) => name);
    assert.deepEqual(all, ['gated', 'greet', 'prod-greet', 'secretive', 'slow']);
    assert.equal((await as('look', '/v1/runbooks/gated')).get('code'), 'NOT_AUTHORIZED');
    assert.ok(items(await as('look', '/v1/runs?limit=200')).every(({ runbook }) => runbook === 'greet'));
    assert.ok(items(await as('root', '/v1/runs?limit=200')).some(({ runbook }) => runbook === 'gated'));
    const greet = await as('look', '/v1/runbooks/greet');
    assert.deepEqual(((greet.json['inputs'] as JsonObject)['times'] as JsonObject)['maximum'], 5);
  });

  test('of the estate has no login in it', async () => {
    const hosts = items(await as('root', '/v1/inventory'));
    assert.deepEqual(
      hosts.map(({ name, jump }) => [name, jump]),
      [
        ['web1', []],
        ['web2', ['web1']],
      ],
    );
    assert.doesNotMatch(JSON.stringify(hosts), /SITE_KEY|privateKey/);
    assert.deepEqual(
      items(await as('root', '/v1/waves')).map(({ name }) => name),
      ['first'],
    );
    assert.deepEqual(items(await as('root', '/v1/portfolios')), []);
    assert.equal((await as('look', '/v1/inventory')).status, 403);
    assert.equal((await as('root', '/v1/waves?repository=other')).status, 404);
  });

  test('of drift is what was found last', async () => {
    await site.parts.deps.store.documents.put('drift', 'estate/stack/a', { drifted: true });
    assert.deepEqual(items(await as('root', '/v1/drift')), [{ key: 'estate/stack/a', finding: { drifted: true } }]);
  });

  test('of the audit is by pages from the newest back, and holds', async () => {
    const [first, second] = [await as('root', '/v1/audit?limit=3'), undefined];
    assert.equal(second, undefined);
    const next = await as('root', `/v1/audit?limit=3&cursor=${first.get('next')}`);
    const seqs = [...items(first), ...items(next)].map(({ seq }) => seq as number);
    assert.deepEqual(
      seqs,
      Array.from({ length: 6 }, (_, index) => (seqs[0] ?? 0) - index),
    );
    assert.equal((await as('root', '/v1/audit/verification')).json['ok'], true);
    assert.equal((await as('ci', '/v1/audit')).status, 403);
  });
});

describe('requests with mistakes', () => {
  test('are told all of them at once', async () => {
    const answer = await as('root', '/v1/runs?limit=0&limti=3&cursor=%00');
    assert.equal(answer.status, 400);
    const errors = answer.json['errors'] as unknown as readonly { pointer: string }[];
    assert.deepEqual(
      errors.map(({ pointer }) => pointer),
      ['/query/limit', '/query/limti'],
    );
    const body = await as('root', '/v1/tokens', { name: '-', scopes: [], expires: 'soon', more: 1 });
    assert.equal((body.json['errors'] as unknown as readonly unknown[]).length, 4);
    assert.equal((await as('root', '/v1/runs?cursor=AAAA')).get('code'), 'BAD_CURSOR');
    assert.equal((await site.call('/v1/runs', { token: tokens['root'] ?? '', raw: '{}', headers: { 'content-type': 'text/plain' } })).status, 415);
    assert.equal(
      (await site.call('/v1/runs', { token: tokens['root'] ?? '', raw: '{', headers: { 'content-type': 'application/json' } })).get('code'),
      'BAD_JSON',
    );
  });

  test('to nothing are not found, and say what there is', async () => {
    const answer = await as('root', '/v1/nothing');
    assert.deepEqual([answer.status, answer.get('code')], [404, 'NOT_FOUND']);
    assert.equal(answer.headers.get('ratelimit-limit'), '1200');
    assert.match(answer.headers.get('ratelimit-remaining') ?? '', /^\d+$/);
  });
});
