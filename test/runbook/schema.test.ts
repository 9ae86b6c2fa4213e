import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { isArray, isObject, type Json, type JsonObject } from '../../src/core/index.ts';
import { parseRunbook, schema } from '../../src/runbook/index.ts';
import { kinds } from '../../src/steps/index.ts';
import { fakeKinds } from './fakes.ts';
import { isValid } from './json-schema.ts';

function loaded(name: string): JsonObject {
  const parsed = parseRunbook(readFileSync(join(import.meta.dirname, '../../runbooks', name)), name);
  assert.ok(parsed.ok);
  return parsed.value.source;
}

/** Every `$ref` of a schema. */
function* refs(value: Json): Generator<string> {
  if (isArray(value)) for (const child of value) yield* refs(child);
  else if (isObject(value)) {
    for (const [key, child] of Object.entries(value)) {
      if (key === '$ref' && typeof child === 'string') yield child;
      else yield* refs(child);
    }
  }
}

function resolves(root: JsonObject, ref: string): boolean {
  let at: Json = root;
  for (const part of ref.split('/').slice(1)) at = isObject(at) ? (at[part] ?? null) : null;
  return at !== null;
}

describe('the schema for editors', () => {
  it('accepts the runbooks that ship, under both entrances', () => {
    for (const name of ['erp-to-cloud.yaml', 'regional-analytics.yaml', 'rollback-drill.yaml']) {
      assert.deepEqual(isValid(schema('Runbook'), loaded(name)), [], name);
      assert.deepEqual(isValid(schema(), loaded(name)), [], name);
    }
  });

  it('has no reference that leads nowhere', () => {
    for (const one of [schema(), schema('Runbook'), schema('Inventory'), schema('Runbook', fakeKinds)])
      for (const ref of refs(one)) assert.ok(resolves(one, ref), ref);
  });

  const step = (written: JsonObject): JsonObject => ({
    apiVersion: 'slipway/v1',
    kind: 'Runbook',
    metadata: { name: 'x' },
    phases: [{ id: 'a', type: 'custom', steps: [written] }],
  });
  const check = (written: JsonObject): number => isValid(schema('Runbook', fakeKinds), step(written)).length;

  it('checks a step by the kind it uses', () => {
    assert.equal(check({ uses: 'pause', with: { duration: '1s' } }), 0);
    assert.notEqual(check({ uses: 'pause', with: { time: '1s' } }), 0);
    assert.notEqual(check({ uses: 'pulumi.up', with: { duration: '1s' } }), 0);
    assert.notEqual(check({ uses: 'paus', with: { duration: '1s' } }), 0);
    assert.notEqual(check({ uses: 'pause', wiht: {} }), 0);
    assert.notEqual(check({ run: 'ls', rescue: [{ uses: 'pause', with: { time: '1s' } }] }), 0);
  });

  it('accepts an expression where a number is wanted, and no other text', () => {
    assert.equal(check({ uses: 'pulumi.up', with: { stack: 'a/b', parallel: 2 } }), 0);
    assert.equal(check({ uses: 'pulumi.up', with: { stack: 'a/b', parallel: '${{ inputs.count }}' } }), 0);
    assert.notEqual(check({ uses: 'pulumi.up', with: { stack: 'a/b', parallel: 'two' } }), 0);
  });

  it('accepts the example of every kind', () => {
    for (const kind of kinds) {
      const example = JSON.parse(JSON.stringify(kind.example)) as Json; // examples are written as in runbooks
      const found = isValid(schema('Runbook'), step({ uses: kind.uses, with: example }));
      assert.deepEqual(found, [], kind.uses);
    }
  });

  it('refuses an unknown kind of file', () => assert.throws(() => schema('Runbok'), { code: 'UNKNOWN_FILE_KIND' }));
});
