import { firesHandler } from '../../../src/app/operate/schedule-fire.ts';
import { tickSchedules } from '../../../src/app/operate/schedule-tick.ts';
import { schedulesOf } from '../../../src/app/operate/scheduled.ts';
import { workOnce } from '../../../src/app/operate/work.ts';
import type { EventBody } from '../../../src/engine/index.ts';
import { openJournal } from '../../../src/journal/index.ts';
import { openSqliteStore } from '../../../src/store/index.ts';
import { movedClock } from './place.ts';
import { handsOf, headOf, operatingOf } from './schedule-table.ts';

// A scheduler that dies at the given boundary: before or after one of its durable writes.
const [dir = '', wanted = ''] = process.argv.slice(2);
let passed = 0;
const onBoundary = (): void => {
  passed += 1;
  if (passed === Number(wanted)) process.kill(process.pid, 'SIGKILL');
};
const clock = movedClock(Date.parse('2026-11-23T14:01Z'));
const journal = openJournal<EventBody>({ dir, clock, onBoundary });
const store = openSqliteStore({ dir, clock, onBoundary });
const head = headOf([{ cron: '0 * * * *', catchUp: true, overlap: 'queue' }]);
const [scheduled] = schedulesOf(head);
if (!scheduled) throw new Error('no schedule');
const operating = operatingOf({ dir, journal, store, [Symbol.asyncDispose]: async () => undefined }, clock, 'test:child');
await tickSchedules(operating, [head]);
const handler = firesHandler(operating, handsOf(operating, scheduled));
for (let round = 0; round < 4; round++) {
  await workOnce(operating, handler);
  clock.advance(3_000);
  for (const { id } of await journal.runs({ states: ['queued'] })) {
    const lease = await journal.acquire(id, 'child', 60_000);
    if (!('token' in lease)) continue;
    await journal.append(id, [{ type: 'runFinished', state: 'succeeded', outputs: {} }], lease, 'succeeded');
    await journal.release(lease);
  }
}
await store[Symbol.asyncDispose]();
await journal[Symbol.asyncDispose]();
