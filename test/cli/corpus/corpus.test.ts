import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { slipway } from '../fake.ts';

const corpus = JSON.parse(readFileSync(join(import.meta.dirname, 'wrong.json'), 'utf8')) as readonly { argv: string[]; says: string }[]; // our own file

for (const { argv, says } of corpus) {
  test(`slipway ${argv.join(' ')}`, async () => {
    const { code, stdout, stderr, calls } = await slipway(argv);
    assert.equal(stderr, says);
    assert.equal(stdout, '');
    assert.equal(code, 2);
    assert.deepEqual(calls, [], 'a wrong command line must do nothing');
  });
}
