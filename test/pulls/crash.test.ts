import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { crashAt, type Strike } from './crash-cycle.ts';

/** There are some more of each. */
const [BOUNDARIES, WRITES] = [60, 8];

describe('kill -9 of a server that looks after a pull request', () => {
  test('leads to one comment, one answer and one run; npm run test:pulls-crash strikes everywhere', async (context) => {
    // Another place every day.
    const day = Math.floor(Date.now() / 86_400_000);
    const strike: Strike = day % 2 === 0 ? { at: 'boundary', nth: 1 + ((day * 7) % BOUNDARIES) } : { at: 'write', nth: 1 + ((day * 3) % WRITES) };
    context.diagnostic(`${strike.at} ${strike.nth}`);
    assert.equal((await crashAt(strike)).isReached, true, `${strike.at} ${strike.nth} was not reached`);
  });
});
