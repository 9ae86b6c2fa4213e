import { driveOnce } from './local.ts';
import { outsideOf } from './rig.ts';
import { openAt, type Place } from './stores.ts';
import { engineAt, handsOf, type TemporalPlace } from './temporal.ts';

/** Drives in a process of its own, so that it can be killed: one run on the local engine, or a worker of Temporal. */
export type ChildOrder =
  | { readonly engine: 'local'; readonly place: Place; readonly runId: string }
  | { readonly engine: 'temporal'; readonly place: Place; readonly at: TemporalPlace };

const order = JSON.parse(process.argv[2] ?? '{}') as ChildOrder; // written by killable.ts
const { outside: _, kinds } = outsideOf(order.place.dir);
// Whoever held the lease before was killed.
await using journal = await openAt(order.place, () => true);
const signal = new AbortController().signal;
if (order.engine === 'local') {
  await driveOnce(journal, kinds, { runId: order.runId, signal });
} else {
  await using engine = engineAt(order.at, kinds);
  await engine.work(handsOf(journal, kinds, engine), {
    ...{ central: true, zones: order.at.zones ?? [], signal, drainMs: 500, concurrency: 100 },
    notice: (line) => process.stderr.write(`${line}\n`),
    ready: () => process.stdout.write('ready\n'),
  });
}
