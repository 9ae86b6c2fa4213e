import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { test } from 'node:test';
import { listenNear } from '../../../src/rehearsal/hosts/listen.ts';

test('a port that somebody else has taken meanwhile is replaced by a free one', async () => {
  const first = createServer();
  const second = createServer();
  try {
    const taken = await listenNear(first, undefined);
    assert.notEqual(await listenNear(second, taken), taken);
  } finally {
    first.close();
    second.close();
  }
});
