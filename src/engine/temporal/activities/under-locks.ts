import { ApplicationFailure } from '@temporalio/common';
import type { Clock } from '../../../core/index.ts';
import type { LockProof } from '../../locks.ts';
import type { WorkerHands } from '../../remote.ts';
import { LOCKS_GONE } from '../contract.ts';
import type { Pulse } from './pulse.ts';

/** How often it is looked whether the run still holds its locks while an effect goes on, in milliseconds. */
const LOOK_MS = 10_000;

/** Why an effect was ended: somebody else may act on the same thing by now. */
export class LocksLost extends Error {}

/**
 * See that the run holds what it acts on.
 *
 * @throws {ApplicationFailure} `LOCKS_GONE` when it does not: nothing may begin. What the store says when it does not answer.
 */
export async function proveFirst({ locks }: Pick<WorkerHands, 'locks'>, proof: LockProof | undefined): Promise<void> {
  if (!proof || !locks) return;
  await locks.prove(proof).catch((cause: unknown) => {
    if (!isLost(cause)) throw cause;
    throw ApplicationFailure.create({ type: LOCKS_GONE, nonRetryable: true, message: cause.message });
  });
}

/** See again and again that it still does, until disposed; the effect ends when it does not. A store that does not answer ends nothing: what is held lasts for days. */
export function keepProving({ locks, clock }: Pick<WorkerHands, 'locks'> & { readonly clock: Clock }, proof: LockProof | undefined, pulse: Pulse): Disposable {
  if (!proof || !locks) return NOTHING_TO_PROVE;
  const done = new AbortController();
  void prove(locks, proof, { clock, pulse, done: done.signal });
  return { [Symbol.dispose]: () => done.abort() };
}

const NOTHING_TO_PROVE: Disposable = { [Symbol.dispose]: () => undefined };

interface Proving {
  readonly clock: Clock;
  readonly pulse: Pulse;
  readonly done: AbortSignal;
}

async function prove(locks: NonNullable<WorkerHands['locks']>, proof: LockProof, { clock, pulse, done }: Proving): Promise<void> {
  for (;;) {
    await clock.sleep(LOOK_MS, done).catch(() => undefined);
    if (done.aborted) return;
    const lost = await locks.prove(proof).then(
      () => undefined,
      (cause: unknown) => (isLost(cause) ? cause : undefined),
    );
    if (done.aborted || !lost) continue;
    return pulse.lose(new LocksLost(lost.message));
  }
}

function isLost(cause: unknown): cause is Error {
  return cause instanceof Error && 'code' in cause && cause.code === 'LOCK_LOST';
}
