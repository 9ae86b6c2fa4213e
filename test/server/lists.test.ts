import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { JsonObject } from '../../src/core/index.ts';
import { type Answer, openSite, type Site } from './site.ts';

// Everything that is read as a list promises the same: pages, an ETag, problems, and nothing for whoever no binding names.

let site: Site;
const tokens: { [name: string]: string } = {};
const MORE = `
apiVersion: slipway/v1
kind: Access
metadata: { name: more }
roles: { reader: { actions: ['*.read'] } }
bindings: [{ role: reader, subjects: ['token:narrow', 'token:wide'], environments: ['*'] }]
---
apiVersion: slipway/v1
kind: Wave
metadata: { name: second }
runbook: greet
servers: [c]
inputs: { name: yvonne }
---
apiVersion: slipway/v1
kind: Portfolio
metadata: { name: one }
services: [{ name: mail, criticality: 1, complexity: 1, risk: 1 }]
---
apiVersion: slipway/v1
kind: Portfolio
metadata: { name: two }
services: [{ name: shop, criticality: 2, complexity: 1, risk: 1 }]
---
apiVersion: slipway/v1
kind: Inventory
metadata: { name: more }
defaults: { user: deploy, privateKey: 'env:SITE_KEY', zone: rack }
hosts: { db1: { address: 10.0.0.21 } }
`;
before(async () => {
  site = await openSite({ files: { 'runbooks/more.yaml': MORE } });
  for (const name of ['root', 'nobody', 'wide']) tokens[name] = await site.token(name, '*');
  tokens['narrow'] = await site.token('narrow', 'run.read');
  for (const key of ['estate/stack/a', 'estate/stack/b', 'estate/stack/c']) await site.parts.deps.store.documents.put('drift', key, { drifted: true });
  for (let n = 0; n < 3; n++) await site.parts.deps.store.audit.append({ actor: 'system', action: 'seen', object: `o${n}` });
});
after(async () => site[Symbol.asyncDispose]());

const get = (path: string, token = 'root', headers: { readonly [name: string]: string } = {}): Promise<Answer> =>
  site.call(path, { token: tokens[token] ?? '', headers });
const items = ({ json }: Answer): readonly JsonObject[] => json['items'] as unknown as readonly JsonObject[];
const idOf = (item: JsonObject): string => JSON.stringify(item['name'] ?? item['key'] ?? item['seq']);

/** Lists of what belongs to the whole server or repository, and one whose entries are judged each by itself. */
const WHOLE = ['/v1/waves', '/v1/portfolios', '/v1/inventory', '/v1/drift', '/v1/audit'];
const LISTS = [...WHOLE, '/v1/runbooks'];

function isProblem(answer: Answer, status: number, code: string): void {
  assert.deepEqual([answer.status, answer.get('code')], [status, code], answer.text);
  assert.match(answer.headers.get('content-type') ?? '', /^application\/problem\+json/);
}

describe('a list', () => {
  for (const path of LISTS) {
    test(`comes in pages, each entry once: ${path}`, async () => {
      const whole = items(await get(`${path}?limit=200`)).map(idOf);
      assert.ok(whole.length >= 2, `${path} has ${whole.length} entries`);
      const paged: string[] = [];
      let cursor = '';
      do {
        const page = await get(`${path}?limit=1${cursor === '' ? '' : `&cursor=${cursor}`}`);
        assert.equal(items(page).length, 1, page.text);
        paged.push(...items(page).map(idOf));
        cursor = page.get('next');
        // The audit grows by what is decided about whoever reads it: as many as there were.
      } while (cursor !== '' && paged.length < whole.length);
      assert.deepEqual(path === '/v1/audit' ? paged.length : paged, path === '/v1/audit' ? whole.length : whole);
      assert.equal(new Set(paged).size, paged.length);
    });

    test(`is not sent again to whoever has it: ${path}`, async () => {
      const first = await get(`${path}?limit=200`);
      const etag = first.headers.get('etag') ?? '';
      assert.match(etag, /^"[\w-]{20,}"$/);
      const again = await get(`${path}?limit=200`, 'root', { 'if-none-match': etag });
      assert.deepEqual([again.status, again.text], [304, '']);
      assert.equal((await get(`${path}?limit=200`, 'root', { 'if-none-match': '"other"' })).status, 200);
    });

    test(`tells mistakes as problems: ${path}`, async () => {
      isProblem(await get(`${path}?limit=0`), 400, 'BAD_REQUEST');
      isProblem(await get(`${path}?limit=201`), 400, 'BAD_REQUEST');
      isProblem(await get(`${path}?cursor=AAAA`), 400, 'BAD_CURSOR');
      isProblem(await get(`${path}?cursor=${Buffer.from('{"after":{}}').toString('base64url')}`), 400, 'BAD_CURSOR');
      isProblem(await get(`${path}?page=2`), 400, 'BAD_REQUEST');
      isProblem(await site.call(path, { token: tokens['root'] ?? '', method: 'PATCH', body: {} }), 405, 'METHOD_NOT_ALLOWED');
    });

    test(`is for nobody without a token: ${path}`, async () => isProblem(await site.call(path), 401, 'UNAUTHENTICATED'));
  }

  for (const path of WHOLE)
    test(`is for nobody without a binding, or without the scope: ${path}`, async () => {
      isProblem(await get(path, 'nobody'), 403, 'NOT_AUTHORIZED');
      isProblem(await get(path, 'narrow'), 403, 'NOT_AUTHORIZED');
      assert.equal((await get(path, 'wide')).status, 200, 'the same binding with the scope');
    });

  test('whose entries are judged each by itself is empty for whoever has no binding', async () => {
    assert.deepEqual(items(await get('/v1/runbooks', 'nobody')), []);
    assert.deepEqual(items(await get('/v1/runs', 'nobody')), []);
  });

  test('of a repository that is not served is not found', async () => {
    for (const path of ['/v1/waves', '/v1/portfolios', '/v1/inventory', '/v1/runbooks'])
      isProblem(await get(`${path}?repository=other`), 404, 'UNKNOWN_REPOSITORY');
  });
});
