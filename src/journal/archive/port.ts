import type { Digest, Json } from '../../core/index.ts';
import type { LogLine, NewRun } from '../port.ts';

/** What is done with whole runs: taken away when they are old, carried from one store to another. */
export interface Archive extends AsyncDisposable {
  /** Every run, oldest first, with what decides whether it may go. */
  runs(): Promise<readonly RunFate[]>;
  /**
   * Remove families of runs with their events, lines and secrets, in one transaction. A family stays whole when one of it has changed since it was looked at, is
   * held by a live lease, or is referred to from outside.
   *
   * @returns the families that were removed.
   */
  remove(families: readonly Family[], options: { readonly keepEvidence: boolean }): Promise<readonly Family[]>;
  /** Give back what removed runs took on the disk, as far as that is possible while others use the store. */
  reclaim(): Promise<Reclaimed>;
  /** A whole run as it is stored. @throws {SlipwayError} `RUN_NOT_FOUND`. */
  take(runId: string): Promise<WholeRun>;
  /**
   * Store a whole run that comes from elsewhere, after its chain was verified.
   *
   * @returns false when exactly this run is here already.
   * @throws {SlipwayError} `RUN_EXISTS` when it went on otherwise here, `IMPORT_BROKEN` when it does not hold together.
   */
  put(run: WholeRun): Promise<boolean>;
  /** Fingerprint of the key that the secrets here are sealed with, when there are any. */
  vaultKey(): Promise<string | undefined>;
  /** Say which key the secrets of an empty vault are sealed with. @throws {SlipwayError} `VAULT_KEY` when it is another one. */
  claimVaultKey(fingerprint: string): Promise<void>;
}
export interface RunFate {
  readonly id: string;
  readonly state: string;
  /** When its last event was written. */
  readonly updatedAt: number;
  readonly lastSeq: number;
  /** Hash of its last event. */
  readonly head: string;
  readonly isDriven: boolean;
  /** Runs that it names as the one that called it, or the one that it undoes. */
  readonly refersTo: readonly string[];
}
/** Runs that belong together because one refers to another. */
export type Family = readonly RunFate[];
export interface Reclaimed {
  /** Evidence that no run has any more. */
  readonly evidence: number;
  readonly bytes: number;
}
/** A run with everything that is stored of it. */
export interface WholeRun {
  readonly run: NewRun & { readonly state: string; readonly updatedAt: number; readonly leaseToken: number; readonly head: Digest };
  readonly events: readonly {
    readonly seq: number;
    readonly at: number;
    readonly body: Json;
    readonly prev: Digest;
    readonly hash: Digest;
    readonly postedId?: string;
  }[];
  /** Sealed as they are: nobody can open them without the key. */
  readonly secrets: readonly { readonly id: string; readonly sealed: Uint8Array }[];
  readonly logs: readonly Omit<LogLine, 'runId'>[];
  readonly evidence: readonly { readonly digest: Digest; readonly at: number; readonly bytes: Uint8Array }[];
}
