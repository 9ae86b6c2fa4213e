import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { crashAt } from './crash-cycle.ts';

/** There are some more; the last ones come after the end of the run. */
const BOUNDARIES = 36;

describe('kill -9 of a server', () => {
  test('loses no acknowledged delivery and starts nothing twice; npm run test:server-crash strikes everywhere', async (context) => {
    // Another place every day.
    const at = 1 + ((Math.floor(Date.now() / 86_400_000) * 7) % BOUNDARIES);
    context.diagnostic(`boundary ${at}`);
    assert.equal(await crashAt(at), true, `boundary ${at} was not reached`);
  });
});
