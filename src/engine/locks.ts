import type { Digest } from '../core/pure.ts';

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

/**
 * The same locks where a run has no process of its own: any worker takes them for it, and whoever has an effect proves first, and again while the effect goes
 * on, that the run still holds them. A called run acts under the locks of the run at the top of its callers.
 */
export interface WorkerLocks {
  /** Does the run have to hold anything? */
  areNeeded(runId: string): Promise<boolean>;
  /** See `RunLocks.take`; the same for every worker that asks for the same run. */
  take(runId: string): Promise<{ readonly state: 'held'; readonly proof: LockProof } | Extract<LocksAnswer, { state: 'waiting' }>>;
  /** Also makes them last longer. @throws {SlipwayError} `LOCK_LOST` when one has passed to somebody else, or was taken away. */
  prove(proof: LockProof): Promise<void>;
  /** The run is over: give back all of them, and all places. A called run gives back nothing. */
  release(runId: string): Promise<void>;
}
/** What an effect shows to act for a run. */
export interface LockProof {
  /** Run that holds the locks, and who started it. */
  readonly runId: string;
  readonly holder: string;
  /** Of their names and fencing tokens. */
  readonly digest: Digest;
}
