/** Read a run and replay it: child.ts <state folder> <run>. Prints times and the peak of memory as JSON. */
import { systemClock } from '../../src/core/index.ts';
import { type EventBody, stateOf } from '../../src/engine/index.ts';
import { openJournal } from '../../src/journal/index.ts';

const [dir = '', runId = ''] = process.argv.slice(2);
await using journal = openJournal<EventBody>({ dir, clock: systemClock });
const startedAt = performance.now();
const events = await journal.read(runId);
const readAt = performance.now();
const data = stateOf(events);
const endedAt = performance.now();
const ended = [...data.tasks.values()].filter(({ state }) => state === 'changed').length;
if (ended !== (events.length - 3) / 2) throw new Error(`${ended} steps have ended`);
const peakMib = process.resourceUsage().maxRSS / 1_024;
process.stdout.write(JSON.stringify({ events: events.length, readMs: readAt - startedAt, evolveMs: endedAt - readAt, peakMib }));
