import { setTimeout as delay } from 'node:timers/promises';
import { SlipwayError, systemClock } from '../../../src/core/index.ts';
import { type DriveOptions, driveRun, type EventBody, isTerminal, refuseRequest, stateOf } from '../../../src/engine/index.ts';
import { type Journal, openSpillIn } from '../../../src/journal/index.ts';
import type { AnyKind } from '../../../src/steps/index.ts';
import { kindsWith } from '../support.ts';
import { childOf, executorOf, outsideOf, record, type Rig } from './rig.ts';
import type { Store } from './stores.ts';

/** The local driver in this process. Where it stops because only a person can go on, it is started again a moment later. */
export async function localRig(store: Store): Promise<Rig> {
  const opened = await store.open(() => false);
  const { journal } = opened;
  const { outside, kinds } = outsideOf(opened.place.dir);
  const stop = new AbortController();
  // Of the driver that goes on just now; when it is let go, the next one finds what it finds after a crash.
  let dismissed = new AbortController();
  const driving: Promise<unknown>[] = [];
  return {
    name: `local, ${store.name}`,
    journal,
    outside,
    begin: async (runId) =>
      void driving.push(keepDriving(journal, kinds, { runId, isOver: stop.signal, signal: () => dismissed.signal, spillIn: opened.place.dir })),
    ask: async (runId, body) => {
      refuseRequest(stateOf(await journal.read(runId)), body);
      await journal.post(runId, body, body.id);
    },
    kill: async () => {
      const before = dismissed;
      dismissed = new AbortController();
      before.abort();
    },
    [Symbol.asyncDispose]: async () => {
      stop.abort();
      dismissed.abort();
      await Promise.allSettled(driving);
      await opened[Symbol.asyncDispose]();
    },
  };
}

interface Driven {
  readonly runId: string;
  readonly signal: AbortSignal;
  /** Folder for output that is too long for the log; without it, such output is left out. */
  readonly spillIn?: string;
}

interface KeptDriven {
  readonly runId: string;
  readonly spillIn: string;
  readonly isOver: AbortSignal;
  readonly signal: () => AbortSignal;
}

async function keepDriving(journal: Journal<EventBody>, kinds: readonly AnyKind[], { runId, isOver, signal, spillIn }: KeptDriven): Promise<void> {
  while (!isOver.aborted) {
    const { state } = await driveOnce(journal, kinds, { runId, signal: signal(), spillIn });
    if (isTerminal(state)) return;
    await delay(50);
  }
}

export function driveOnce(journal: Journal<EventBody>, kinds: readonly AnyKind[], { runId, signal, spillIn }: Driven): ReturnType<typeof driveRun> {
  return driveRun({
    ...{ runId, journal, signal, clock: systemClock, owner: 'test:1', kindOf: kindsWith(...kinds) },
    executor: executorOf(journal, runId, kinds),
    ...(spillIn === undefined ? {} : { openSpill: openSpillIn(spillIn) }),
    call: (request, stop) => call(journal, kinds, { ...request, parent: runId, signal, stop }),
  });
}

type CallRequest = Parameters<DriveOptions['call']>[0] & { readonly parent: string; readonly signal: AbortSignal; readonly stop: AbortSignal };

/** A called runbook, as src/app/call.ts does it. */
async function call(journal: Journal<EventBody>, kinds: readonly AnyKind[], { parent, path, runbook, inputs, signal, stop }: CallRequest) {
  const caller = stateOf(await journal.read(parent));
  const graph = caller.created?.graph.calls[runbook];
  if (!graph) throw new SlipwayError('UNKNOWN_RUNBOOK', `the plan does not hold "${runbook}"`);
  const runId = childOf(parent, path);
  await record(journal, { runId, graph, inputs, parent: { runId: parent, path } });
  const id = `${parent}:cancel`;
  const cancel = (): void => void journal.post(runId, { type: 'cancelRequested', id, by: 'system', reason: `${parent} was stopped` }, id);
  stop.addEventListener('abort', cancel, { once: true });
  const { state } = await driveOnce(journal, kinds, { runId, signal }).finally(() => stop.removeEventListener('abort', cancel));
  if (!isTerminal(state))
    throw new SlipwayError('CALL_WAITS', `the called run ${runId} is ${state}`, { retry: 'pauseForHuman', hint: `see "slipway status ${runId}"` });
  return { runId, state, outputs: stateOf(await journal.read(runId)).finished?.outputs ?? {} };
}
