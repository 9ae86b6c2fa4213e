/* Drives the run of a world until it ends or needs a person; a process of its own, which is killed on its way. */
import { createMasker, systemClock } from '../../src/core/index.ts';
import { createSsh } from '../../src/effects/ssh/index.ts';
import { createExecutor, driveRun, type EventBody } from '../../src/engine/index.ts';
import { openJournal } from '../../src/journal/index.ts';
import { kindOf, type Ports } from '../../src/steps/index.ts';
import { RUN_ID } from '../engine/support.ts';
import { hostAt, readWorld } from './world.ts';

const world = readWorld(process.argv[2] ?? '');
const masker = createMasker();
const ssh = createSsh({ clock: systemClock, masker, connectTimeoutMs: 120_000 });
await using journal = openJournal<EventBody>({ dir: world.dir, clock: systemClock });
const executor = createExecutor({
  ...{ runId: RUN_ID, kindOf, clock: systemClock, masker, vault: journal, checkout: '/', rehearsal: false },
  ports: { clock: systemClock, ssh } as unknown as Ports, // steps on hosts use no other port
  host: (address) => hostAt(world, address),
});
const { state } = await driveRun({
  ...{ runId: RUN_ID, journal, executor, clock: systemClock, owner: `driver:${process.pid}`, signal: new AbortController().signal, leaseTtlMs: 3_000 },
  call: () => Promise.reject(new Error('nothing is called')),
});
await ssh.release(RUN_ID);
process.stdout.write(`STATE ${state}\n`);
