import { systemClock } from '../../../src/core/index.ts';
import { type RemoteEngine, stateOf, type WorkerHands, type WorkerLocks } from '../../../src/engine/index.ts';
import { openTemporal, type TemporalOptions } from '../../../src/engine/temporal/index.ts';
import type { AnyKind } from '../../../src/steps/index.ts';
import type { Journal } from '../../../src/journal/index.ts';
import type { EventBody } from '../../../src/engine/index.ts';
import { childOf, executorOf, outsideOf, record, type Rig } from './rig.ts';
import type { Store } from './stores.ts';

export interface TemporalPlace {
  readonly address: string;
  readonly queue: string;
  readonly cacheDir: string;
  readonly rules?: TemporalOptions['rules'];
  readonly zones?: readonly string[];
}
export interface TemporalRig extends Rig {
  readonly engine: RemoteEngine;
}

/** Where nobody is killed, silence means that the machine is busy. */
const PATIENT: NonNullable<TemporalOptions['rules']> = { heartbeatMs: 30_000, patientHeartbeatMs: 30_000, pickUpMs: 30_000, projectMs: 200, mostEvents: 8_000 };

/** Short waits, so that what is about waiting does not take long. */
export const QUICK: NonNullable<TemporalOptions['rules']> = {
  heartbeatMs: 3_000,
  patientHeartbeatMs: 3_000,
  pickUpMs: 5_000,
  projectMs: 200,
  mostEvents: 8_000,
};

/** Runs on a Temporal server, with a worker in this process. */
export async function temporalRig(store: Store, place: TemporalPlace, locks?: WorkerLocks): Promise<TemporalRig> {
  const opened = await store.open(() => false);
  const { journal } = opened;
  const { outside, kinds } = outsideOf(opened.place.dir);
  const engine = engineAt({ ...place, rules: { ...PATIENT, ...place.rules } }, kinds);
  const stop = new AbortController();
  const { promise: ready, resolve } = Promise.withResolvers<void>();
  const working = engine.work(
    { ...handsOf(journal, kinds, engine), ...(locks ? { locks } : {}) },
    {
      ...{ central: true, zones: place.zones ?? [], signal: stop.signal, drainMs: 500, concurrency: 100, ready: resolve },
      notice: (line) => process.stderr.write(`${line}\n`),
    },
  );
  await Promise.race([ready, working]);
  return {
    name: `Temporal, ${store.name}`,
    ...{ journal, outside, engine },
    begin: (runId) => begin(engine, runId),
    ask: async (runId, body) => void (await engine.ask(runId, body)),
    [Symbol.asyncDispose]: async () => {
      stop.abort();
      await working;
      await engine[Symbol.asyncDispose]();
      await opened[Symbol.asyncDispose]();
    },
  };
}

export function begin(engine: RemoteEngine, runId: string): Promise<void> {
  return engine.start({ runId, runbook: 'test', environments: ['production'], wave: 'wave-1' });
}

export function engineAt({ address, queue, cacheDir, rules }: TemporalPlace, kinds: readonly AnyKind[]): RemoteEngine {
  return openTemporal({ settings: { address, namespace: 'default', queue }, cacheDir, kinds, rules: { ...QUICK, ...rules } });
}

/** What a worker of the scenarios works with; a called runbook as src/app/call.ts does it. */
export function handsOf(journal: Journal<EventBody>, kinds: readonly AnyKind[], engine: RemoteEngine): WorkerHands {
  return {
    journal,
    clock: systemClock,
    toolsOf: async (runId) => ({ executor: executorOf(journal, runId, kinds), [Symbol.dispose]: () => undefined }),
    release: async () => undefined,
    call: async ({ runId: parent, path, runbook, inputs }) => {
      const graph = stateOf(await journal.read(parent)).created?.graph.calls[runbook];
      if (!graph) return { failed: { code: 'UNKNOWN_RUNBOOK', message: `the plan does not hold "${runbook}"`, retry: 'never' } };
      const runId = childOf(parent, path);
      await record(journal, { runId, graph, inputs, parent: { runId: parent, path } });
      const { finished } = stateOf(await journal.read(runId));
      if (finished) return { runId, end: { state: finished.state, outputs: finished.outputs } };
      await begin(engine, runId);
      return { runId };
    },
  };
}
