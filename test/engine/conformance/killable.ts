import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { isTerminal, refuseRequest, runStateOf, stateOf } from '../../../src/engine/index.ts';
import type { ChildOrder } from './driver-child.ts';
import { outsideOf, type Rig } from './rig.ts';
import type { Store } from './stores.ts';
import { begin, engineAt, type TemporalPlace } from './temporal.ts';

const CHILD = join(import.meta.dirname, 'driver-child.ts');

/** A process that is started again whenever it ends, until it is not wanted any more. */
export interface Kept extends AsyncDisposable {
  readonly pid: () => number;
  /** SIGKILL; a new one comes at once. */
  readonly kill: () => Promise<void>;
}

export function keepAlive(order: ChildOrder, isWanted: () => Promise<boolean>): Kept {
  let isOver = false;
  let child: ChildProcess | undefined;
  const loop = (async () => {
    while (!isOver && (await isWanted())) {
      child = spawn(process.execPath, [CHILD, JSON.stringify(order)], { stdio: ['ignore', 'ignore', 'inherit'] });
      const running = child;
      await new Promise((done) => running.once('exit', done));
      await delay(20);
    }
  })();
  return {
    pid: () => child?.pid ?? 0,
    kill: async () => {
      const running = child;
      if (!running || running.exitCode !== null) return;
      const gone = new Promise((done) => running.once('exit', done));
      running.kill('SIGKILL');
      await gone;
    },
    [Symbol.asyncDispose]: async () => {
      isOver = true;
      child?.kill('SIGKILL');
      await loop;
    },
  };
}

/** The local driver in a process of its own for each run. */
export async function killableLocalRig(store: Store): Promise<Rig> {
  const opened = await store.open(() => false);
  const { journal, place } = opened;
  const kept: Kept[] = [];
  return {
    name: `local in a process, ${store.name}`,
    ...{ journal, outside: outsideOf(place.dir).outside },
    begin: async (runId) => {
      const isOpen = async (): Promise<boolean> => !isTerminal(runStateOf(stateOf(await journal.read(runId))));
      kept.push(keepAlive({ engine: 'local', place, runId }, isOpen));
    },
    ask: async (runId, body) => {
      refuseRequest(stateOf(await journal.read(runId)), body);
      await journal.post(runId, body, body.id);
    },
    kill: async () => {
      for (const each of kept) await each.kill();
    },
    [Symbol.asyncDispose]: async () => {
      for (const each of kept) await each[Symbol.asyncDispose]();
      await opened[Symbol.asyncDispose]();
    },
  };
}

/** Workers of Temporal in processes of their own. */
export async function killableTemporalRig(store: Store, at: TemporalPlace): Promise<Rig> {
  const opened = await store.open(() => false);
  const { journal, place } = opened;
  const { outside, kinds } = outsideOf(place.dir);
  const engine = engineAt(at, kinds);
  const worker = keepAlive({ engine: 'temporal', place, at }, async () => true);
  return {
    name: `Temporal with a worker in a process, ${store.name}`,
    ...{ journal, outside },
    begin: (runId) => begin(engine, runId),
    ask: async (runId, body) => void (await engine.ask(runId, body)),
    kill: worker.kill,
    [Symbol.asyncDispose]: async () => {
      await worker[Symbol.asyncDispose]();
      await engine[Symbol.asyncDispose]();
      await opened[Symbol.asyncDispose]();
    },
  };
}
