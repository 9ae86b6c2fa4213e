/**
 * Leases on what a run acts on (stacks, groups of hosts), for the whole of its life. A port of the engine: whoever drives runs asks for all of them
 * before a run acts, proves while it goes on that it does, and gives them back when it is over. They belong to the run and not to its driver, so that
 * the next driver of a run takes the same ones again.
 */
export interface RunLocks {
  /** Ask for all, in their fixed order, and stop at the first one that somebody else has; asked again, it goes on from there and keeps its places. */
  take(): Promise<LocksAnswer>;
  /** Prove that the run goes on. @throws {SlipwayError} `LOCK_LOST` when one has passed to somebody else. */
  heartbeat(): Promise<void>;
  /** The run is over, or will never act: give back all of them, and all places. */
  release(): Promise<void>;
  /** Nobody drives the run for now: keep them for whoever goes on with it. */
  leave(): Promise<void>;
  /** How long they last without a heartbeat, in milliseconds. */
  readonly ttlMs: number;
}
export type LocksAnswer = { readonly state: 'held' } | { readonly state: 'waiting'; readonly wait: LockWait };

/** What a run waits for, and why. */
export interface LockWait {
  readonly lock: string;
  /** Place in the queue; counts from 1. */
  readonly position: number;
  /** Absent while nobody has it and others come first. */
  readonly heldBy?: { readonly runId: string; readonly holder: string; readonly since: number };
}
