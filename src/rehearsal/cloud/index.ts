import { join } from 'node:path';
import type { JsonObject } from '../../core/index.ts';
import { drift, type DriftRequest } from './drift.ts';
import { type Fault, writeFaults } from './faults.ts';
import { writeLaunchers } from './launcher.ts';
import { type LedgerEntry, openWorld, type WorldResource } from './world.ts';

export type { DriftRequest } from './drift.ts';
export type { Fault } from './faults.ts';
export type { LedgerEntry, WorldResource } from './world.ts';

export interface RehearsalCloudOptions {
  /** Absolute path of the folder that holds this world; made when missing, continued when there. */
  readonly dir: string;
  /** Absolute path of the Node executable that runs the plugins. */
  readonly node: string;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Time every create, update and delete takes, in milliseconds; 0 unless told. */
  readonly latencyMs?: number;
  readonly faults?: readonly Fault[];
  /** Folder of compiled code, shared by worlds; in the world unless told. */
  readonly cacheDir?: string;
}
/** Stand-ins for AWS and Azure behind the real Pulumi engine. */
export interface RehearsalCloud {
  /** Folder with the stand-in plugins; first on PATH of a Pulumi child. */
  readonly pluginPath: string;
  /** Credentials and settings for the child; they open nothing anywhere. */
  readonly env: { readonly [name: string]: string };
  /** Replace faults and latency, also while an operation runs. */
  setFaults(faults: readonly Fault[], latencyMs?: number): void;
  /** Change one resource behind Pulumi's back. @returns its URN. */
  drift(request: DriftRequest): string | undefined;
  /** Put a resource into the cloud that Pulumi does not know, for imports. */
  seed(resource: { readonly type: string; readonly id: string; readonly props: JsonObject }): void;
  ledger(): readonly LedgerEntry[];
  resources(): readonly WorldResource[];
}

/** Open a rehearsed cloud. There is no process to stop: Pulumi starts the plugins when it needs them. */
export function startRehearsalCloud(options: RehearsalCloudOptions): RehearsalCloud {
  const { dir, node, now, latencyMs = 0, faults = [], cacheDir = join(dir, 'compiled') } = options;
  const world = openWorld(dir, now);
  writeFaults(dir, faults, latencyMs);
  return {
    pluginPath: writeLaunchers(dir, { node, cacheDir }),
    env: { AWS_ACCESS_KEY_ID: 'rehearsal', AWS_SECRET_ACCESS_KEY: 'rehearsal', AWS_EC2_METADATA_DISABLED: 'true', NODE_COMPILE_CACHE: cacheDir },
    setFaults: (next, nextLatencyMs = latencyMs) => writeFaults(dir, next, nextLatencyMs),
    drift: (request) => drift(world, request),
    seed: ({ type, id, props }) => world.put({ provider: type.split(':')[0] ?? '', type, id, urn: '', stack: '', inputs: props, props }, 'seed'),
    ledger: () => world.ledger(),
    resources: () => world.all(),
  };
}
