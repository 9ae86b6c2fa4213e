import type { Drive } from './drive.ts';

/**
 * Prove again and again that a run goes on, until disposed. A lock that has passed to somebody else stops the driver: whoever has it may be acting
 * already. When the run is over its locks are given back; else they are kept for its next driver.
 */
export function holdLocks(drive: Drive): AsyncDisposable {
  const { data, options, signal } = drive;
  const { locks } = options;
  if (!locks) return { [Symbol.asyncDispose]: async () => undefined };
  const done = new AbortController();
  const beating = beat(drive, AbortSignal.any([done.signal, signal])).catch(drive.fail);
  return {
    [Symbol.asyncDispose]: async () => {
      done.abort();
      await beating;
      // What cannot be given back now expires, or is given back by whoever waits for it; how the run ended is on record.
      await (data.finished ? locks.release() : leave(drive)).catch(() => undefined);
    },
  };
}

/** A run that has not begun holds nothing that must not be lost: its places wait a little, and then others pass. */
async function leave({ data, options }: Drive): Promise<void> {
  if (data.startedAt !== undefined) await options.locks?.leave();
}

/** @throws what the store says when a lock is lost, or could not be reached for so long that somebody else may have it soon. */
async function beat({ options }: Drive, signal: AbortSignal): Promise<void> {
  const { clock, locks } = options;
  if (!locks) return;
  let provenAt = clock.monotonic();
  for (;;) {
    await clock.sleep(locks.ttlMs / 4, signal).catch(() => undefined);
    if (signal.aborted) return;
    const asked = clock.monotonic();
    try {
      await locks.heartbeat();
      provenAt = asked;
    } catch (cause) {
      const isTaken = cause instanceof Error && 'code' in cause && cause.code === 'LOCK_LOST';
      if (isTaken || clock.monotonic() - provenAt > locks.ttlMs / 2) throw cause;
    }
  }
}
