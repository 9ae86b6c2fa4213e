import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { z } from 'zod';
import { openApiDocument } from '../../src/server/index.ts';
import { openSite, type Site } from './site.ts';

const Document = z.looseObject({
  openapi: z.literal('3.1.1'),
  paths: z.record(z.string(), z.record(z.string(), z.looseObject({ operationId: z.string(), responses: z.record(z.string(), z.looseObject({})) }))),
});

let site: Site;
before(async () => void (site = await openSite()));
after(async () => site[Symbol.asyncDispose]());

describe('the document of the API', () => {
  test('is served, and says what is served: each path and method, and no other', async () => {
    const answer = await site.call('/v1/openapi.json');
    assert.equal(answer.status, 200);
    const { paths } = Document.parse(answer.json);
    const described = Object.entries(paths).flatMap(([path, methods]) => Object.keys(methods).map((method) => `${method} ${path}`));
    const served = site.app.routes
      .filter(({ path, method }) => path.startsWith('/v1/') && method !== 'ALL')
      .map(({ path, method }) => `${method.toLowerCase()} ${path.replaceAll(/:(\w+)/g, '{$1}')}`);
    assert.deepEqual(described.toSorted(), [...new Set(served)].toSorted());
    for (const [path, methods] of Object.entries(paths)) {
      for (const method of Object.keys(methods)) {
        const probe = await site.call(path.replaceAll(/\{\w+\}/g, 'x'), { method: method.toUpperCase() });
        assert.notEqual(probe.status, 405, `${method} ${path}`);
        assert.notEqual(probe.get('code'), 'NOT_FOUND', `${method} ${path}`);
      }
      const other = await site.call(path.replaceAll(/\{\w+\}/g, 'x'), { method: 'PUT', raw: '{}' });
      assert.equal(other.status, 405, path);
      assert.equal(
        other.headers.get('allow'),
        Object.keys(methods)
          .map((method) => method.toUpperCase())
          .join(', '),
      );
    }
  });

  test('is the same without a server', async () => {
    const { servers: _servers, ...served } = (await site.call('/v1/openapi.json')).json;
    assert.deepEqual(openApiDocument(site.parts.deps.version), served);
  });

  test('has a name for each operation, a problem for each failure, and no reference that leads nowhere', async () => {
    const { json } = await site.call('/v1/openapi.json');
    const { paths } = Document.parse(json);
    const operations = Object.values(paths).flatMap((methods) => Object.values(methods));
    assert.equal(new Set(operations.map(({ operationId }) => operationId)).size, operations.length);
    for (const { operationId, responses } of operations) {
      for (const [status, response] of Object.entries(responses)) {
        if (Number(status) >= 400)
          assert.ok('application/problem+json' in z.looseObject({ content: z.looseObject({}) }).parse(response).content, `${operationId} ${status}`);
      }
    }
    const references = [...JSON.stringify(json).matchAll(/"\$ref":"([^"]+)"/g)].map(([, reference]) => reference);
    assert.deepEqual(new Set(references), new Set(['#/components/schemas/Problem']));
  });

  test('is what docs/api.md lists', () => {
    const page = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'api.md'), 'utf8');
    const { paths } = Document.parse(openApiDocument('0'));
    const rows = Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => `| \`${method.toUpperCase()} ${path}\` | ${z.string().parse(operation['summary'])} |`),
    );
    const listed = page
      .split('\n')
      .filter((line) => line.startsWith('| `'))
      .map((line) => line.replaceAll(/ +\|/g, ' |'));
    for (const row of rows) assert.ok(listed.includes(row), `docs/api.md has no line\n${row}`);
  });
});
