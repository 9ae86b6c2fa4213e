import { followRun } from '../../../src/app/operate/telling/follow.ts';
import type { EventBody } from '../../../src/engine/index.ts';
import { openJournal } from '../../../src/journal/index.ts';
import { openSqliteStore } from '../../../src/store/index.ts';
import { RUN_ID } from '../../engine/support.ts';
import { movedClock } from './place.ts';
import { operatingOf } from './schedule-table.ts';
import { outsideIn, tellAll } from './telling-table.ts';

// Tells a run and dies at the given boundary: before or after one of its durable writes.
const [dir = '', wanted = ''] = process.argv.slice(2);
let passed = 0;
const onBoundary = (): void => {
  passed += 1;
  if (passed === Number(wanted)) process.kill(process.pid, 'SIGKILL');
};
const clock = movedClock();
const journal = openJournal<EventBody>({ dir, clock, onBoundary });
const store = openSqliteStore({ dir, clock, onBoundary });
await followRun(store, RUN_ID);
await tellAll(operatingOf({ dir, journal, store, [Symbol.asyncDispose]: async () => undefined }, clock, 'test:child'), outsideIn(dir));
await store[Symbol.asyncDispose]();
await journal[Symbol.asyncDispose]();
