import assert from 'node:assert/strict';
import { eventsIn } from './support.ts';

// A machine that is busy with something else may leave the dual run undecided, which is the right verdict and not what
// crashes are about; then the same is done again from its beginning.

export type Decided<T> = T | 'undecided';
const MOST_TRIES = 4;

export function isUndecided(home: string): boolean {
  return eventsIn(home).some(
    ({ body }) => body.type === 'stepFinished' && body.path === 'dual/@analysis' && JSON.stringify(body['result']).includes('ANALYSIS_INCONCLUSIVE'),
  );
}

export async function untilDecided<T>(attempt: () => Promise<Decided<T>>, tries = 1): Promise<T> {
  const outcome = await attempt();
  if (outcome !== 'undecided') return outcome;
  assert.ok(tries < MOST_TRIES, `the dual run stayed undecided in ${tries} tries; is this machine very busy?`);
  return untilDecided(attempt, tries + 1);
}
