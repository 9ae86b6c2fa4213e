import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { randomText, systemClock } from '../../src/core/index.ts';
import { type EventBody, type RunData, stateOf } from '../../src/engine/index.ts';
import { openJournal } from '../../src/journal/index.ts';
import { create, RUN_ID } from '../engine/support.ts';
import { startSshd } from '../support/sshd.ts';
import { effectsOf, makeWorld, STEPS, type World, worldGraph } from './world.ts';

export interface Rehearsal {
  readonly hosts: number;
  readonly atOnce: number;
  readonly kills: number;
  /** A number from 0 to 1. */
  readonly random: () => number;
}
export interface Report {
  readonly state: string;
  readonly faults: number;
  /** Drivers that were killed, and those that ended because a person was needed. */
  readonly killed: number;
  readonly asked: number;
  /** Hosts in doubt that were found done, and not done. */
  readonly foundDone: number;
  readonly foundNotDone: number;
}

/** A dead driver's lease runs out; see driver.ts. */
const LEASE_MS = 3_000;
const LINE_BYTES = 'once 127.88.10.100\n'.length;

/** Run three steps on many machines, kill the driver on its way, settle what is in doubt as the ledger outside says, and compare all with it at the end. */
export async function rehearse({ hosts, atOnce, kills, random }: Rehearsal): Promise<Report> {
  await using sshd = await startSshd({ address: '0.0.0.0', config: ['MaxStartups 4000', 'LogLevel ERROR'] });
  const world = await makeWorld(sshd, { hosts, atOnce, random });
  const all = hosts * STEPS.length;
  const points = Array.from({ length: kills }, (_, index) => Math.floor((all * 0.97 * (index + 0.1 + 0.8 * random())) / kills));
  const found = { done: 0, notDone: 0 };
  let [killed, asked] = [0, 0];
  await withJournal(world, (journal) => create({ journal, graph: worldGraph(world), kinds: [] }));
  for (;;) {
    const state = await driveUntil(world, points[0]);
    if (state === 'killed') {
      points.shift();
      killed++;
      await delay(LEASE_MS + 500);
    } else if (state !== 'attention') {
      await check(world, state);
      return { state, faults: Object.keys(world.faults).length, killed, asked, foundDone: found.done, foundNotDone: found.notDone };
    } else {
      assert.ok(++asked < 100, 'a person is asked again and again');
      await settle(world, found);
    }
  }
}

/** @param lines the driver is killed as soon as the ledger has so many. @returns what it said at its end, or `killed`. */
async function driveUntil({ dir }: World, lines = Infinity): Promise<string> {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', join(import.meta.dirname, 'driver.ts'), dir], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  child.stdout.on('data', (bytes: Buffer) => (said += bytes.toString()));
  const closed = once(child, 'close');
  try {
    while (child.exitCode === null && child.signalCode === null) {
      if (statSync(join(dir, 'ledger')).size >= lines * LINE_BYTES) {
        child.kill('SIGKILL');
        break;
      }
      await Promise.race([closed, delay(10)]);
    }
  } finally {
    if (child.exitCode === null) child.kill('SIGKILL');
    await closed;
  }
  const state = /^STATE (\w+)$/m.exec(said)?.[1];
  assert.ok(state !== undefined || child.signalCode === 'SIGKILL', `the driver ended with ${child.exitCode}`);
  return state ?? 'killed';
}

/** What a careful person does: looks on each host in doubt, and says what was found; who was never reached goes with those where nothing was done. */
async function settle(world: World, found: { done: number; notDone: number }): Promise<void> {
  // A command whose connection broke may still be on its way to its effect.
  await delay(1_000);
  const effects = effectsOf(world);
  await withJournal(world, async (journal) => {
    const data = stateOf(await journal.read(RUN_ID));
    const path = [...data.attention.keys()].find((one) => one.includes('/')) ?? '';
    const task = data.tasks.get(path);
    assert.ok(task, 'a task waits for a person');
    const hosts = (is: (address: string) => boolean): string[] => world.addresses.filter(is);
    const inDoubt = hosts((address) => isInDoubt(task.hosts[address]));
    const done = inDoubt.filter((address) => effects.has(`${path.slice('all/'.length)} ${address}`));
    const notDone = inDoubt.filter((address) => !done.includes(address));
    found.done += done.length;
    const body = { type: 'taskResolved', id: randomText(16), path, by: 'user:ada' } as const;
    if (done.length > 0) return void (await journal.post(RUN_ID, { ...body, as: 'done', hosts: done }, body.id));
    found.notDone += notDone.length;
    const untouched = hosts((address) => task.hosts[address] === undefined);
    assert.ok(notDone.length + untouched.length > 0, `nothing is in doubt in ${path}`);
    await journal.post(RUN_ID, { ...body, as: 'retry', hosts: [...notDone, ...untouched] }, body.id);
  });
}

type Result = RunData['tasks'] extends ReadonlyMap<string, infer T> ? (T extends { hosts: Readonly<Record<string, infer R>> } ? R | undefined : never) : never;

function isInDoubt(result: Result): boolean {
  return result === 'inDoubt' || result?.inDoubt === true;
}

/** Every host, in every step, is on record as the ledger outside says. */
async function check(world: World, state: string): Promise<void> {
  const effects = effectsOf(world);
  const data = await withJournal(world, async (journal) => {
    assert.equal((await journal.verify(RUN_ID)).ok, true);
    return stateOf(await journal.read(RUN_ID));
  });
  const wrong: string[] = [];
  for (const step of STEPS) {
    for (const address of world.addresses) {
      const result = data.tasks.get(`all/${step}`)?.hosts[address];
      const times = effects.get(`${step} ${address}`) ?? 0;
      const fault = world.faults[`${address}.${step}`];
      const expected = fault === 'before' ? 'failed 0' : fault === 'after' ? 'failed 1' : 'good 1';
      const word = result === undefined ? 'untouched' : result === 'inDoubt' ? 'inDoubt' : ['ok', 'changed'].includes(result.state) ? 'good' : result.state;
      // Only the first step may be repeated, and then it counts once.
      const seen = `${word} ${step === STEPS[0] ? Math.min(1, times) : times}`;
      if (seen !== expected) wrong.push(`${step} ${address}: ${seen}, not ${expected} (${fault ?? 'no fault'})`);
    }
  }
  assert.deepEqual(wrong, [], `${wrong.length} hosts are not as the ledger says; the run ended ${state}`);
}

async function withJournal<T>({ dir }: World, use: (journal: ReturnType<typeof openJournal<EventBody>>) => Promise<T>): Promise<T> {
  await using journal = openJournal<EventBody>({ dir, clock: systemClock });
  return await use(journal);
}
