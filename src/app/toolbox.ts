import { createMasker, type Masker, messageOf } from '../core/index.ts';
import { createExecutor, type Executor, type WorkerHands } from '../engine/index.ts';
import { kindOf } from '../steps/index.ts';
import { createdOf, worldOf } from './drive.ts';
import { createMemory, type SecretMemory } from './remember-secrets.ts';
import { filesOf } from './run-files.ts';
import type { Session } from './types.ts';
import type { Wiring, World } from './wiring.ts';

/** What a worker has open for the runs it works for. */
export interface Toolbox extends AsyncDisposable, Pick<WorkerHands, 'toolsOf' | 'release'> {}

interface Tools {
  readonly world: World;
  readonly executor: Executor;
  readonly memory: SecretMemory;
}
interface Slot {
  readonly opening: Promise<Tools>;
  users: number;
  idle?: NodeJS.Timeout;
}
/** Tools that nobody used for so long are closed; opening them again takes a second. */
const IDLE_MS = 120_000;

/** Opens what the steps of a run are executed with when the first one comes, and closes it when the run is over or has gone quiet here. */
export function createToolbox(session: Session, wiring: Wiring): Toolbox {
  const slots = new Map<string, Slot>();
  const close = async (runId: string): Promise<void> => {
    const slot = slots.get(runId);
    slots.delete(runId);
    clearTimeout(slot?.idle);
    await slot?.opening.then(
      ({ world }) => world[Symbol.asyncDispose](),
      () => undefined,
    );
  };
  const leave = (runId: string, slot: Slot): void => {
    slot.users -= 1;
    if (slot.users > 0 || slots.get(runId) !== slot) return;
    slot.idle = setTimeout(() => void close(runId).catch((cause: unknown) => session.notice(messageOf(cause))), IDLE_MS).unref();
  };
  return {
    toolsOf: async (runId, secrets) => {
      const slot = slots.get(runId) ?? { opening: openTools(session, wiring, runId), users: 0 };
      slots.set(runId, slot);
      clearTimeout(slot.idle);
      slot.users += 1;
      try {
        const { executor, memory } = await slot.opening;
        await memory.refresh(secrets);
        return { executor, [Symbol.dispose]: () => leave(runId, slot) };
      } catch (cause) {
        leave(runId, slot);
        if (slots.get(runId) === slot) await close(runId); // the next step tries anew: a person may have mended what was wrong
        throw cause;
      }
    },
    release: async (runId) => {
      if (slots.get(runId)?.users === 0) await close(runId);
    },
    [Symbol.asyncDispose]: async () => {
      for (const runId of [...slots.keys()]) await close(runId);
    },
  };
}

async function openTools(session: Session, wiring: Wiring, runId: string): Promise<Tools> {
  const journal = await wiring.journal();
  const { clock } = wiring;
  const created = await createdOf(journal, runId);
  // Each run has its own: what is secret to one is ordinary text to another.
  const masker: Masker = createMasker();
  const checkout = await filesOf(session, wiring, created);
  const world = await worldOf({ ...session, masker }, wiring, { journal, runId, checkout });
  const { rehearsal } = created;
  const executor = createExecutor({
    ...{ runId, kindOf, ports: world.portsOf(runId), host: world.host, clock, masker, vault: journal, checkout, rehearsal },
    fault: (path) => (created.parent ? undefined : world.fault(path)),
  });
  return { world, executor, memory: createMemory(journal, masker, runId) };
}
