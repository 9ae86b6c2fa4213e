import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Clock, type JsonObject, SlipwayError } from '../core/index.ts';
import type { Host } from '../steps/index.ts';
import { type Fault, type RehearsalCloud, startRehearsalCloud } from './cloud/index.ts';
import { type HostOverride, type RehearsalHosts, startRehearsalHosts } from './hosts/index.ts';

export interface RehearsalSettings {
  /** Absolute path of this rehearsal's world; continued when it is there. */
  readonly dir: string;
  readonly node: string;
  readonly clock: Clock;
  readonly hosts: readonly { readonly name: string; readonly vars: JsonObject; readonly address?: string }[];
  readonly slow: { readonly baseline?: number; readonly candidate?: number };
  /** Absolute path of compiled code that rehearsals share. */
  readonly cacheDir: string;
  /** Stacks to change behind Pulumi's back after their first update. */
  readonly drift: readonly string[];
}
/** A step that shall fail; with a stack, the cloud itself refuses. */
export interface ArmedStep {
  readonly path: string;
  readonly stack?: string;
}
/** The stand-ins of one rehearsal: clouds behind the real Pulumi engine, machines behind the real SSH protocol. */
export interface Rehearsal extends AsyncDisposable {
  readonly cloud: RehearsalCloud;
  readonly machines: RehearsalHosts;
  /** The same host, reached at its stand-in. @throws {SlipwayError} `UNKNOWN_HOST`. */
  readonly host: (host: Host) => Host;
  readonly resolve: (host: string, port: number) => { readonly host: string; readonly port: number } | undefined;
  readonly arm: (steps: readonly ArmedStep[]) => void;
  readonly fault: (path: string) => SlipwayError | undefined;
  /** Call after a stack was updated. @returns what was changed. */
  readonly updated: (stack: string) => string | undefined;
}

/** Start, or continue after a crash, the stand-ins of a rehearsal. */
export async function openRehearsal(settings: RehearsalSettings): Promise<Rehearsal> {
  const { dir, node, clock, slow } = settings;
  const cloud = startRehearsalCloud({ dir: join(dir, 'cloud'), node, now: () => clock.now(), cacheDir: settings.cacheDir });
  const machines = await startRehearsalHosts({ dir: join(dir, 'hosts'), clock, hosts: settings.hosts, slow });
  // So that a person, or a test, can look at the rehearsed services from outside while the rehearsal goes on.
  const placesFile = join(dir, 'places.json');
  writeFileSync(placesFile, JSON.stringify(Object.fromEntries([...machines.places].map(([name, port]) => [name, `127.0.0.1:${port}`])), undefined, 2));
  const toDrift = new Set(settings.drift);
  let armed: readonly ArmedStep[] = [];
  return {
    cloud,
    machines,
    host: (host) => onStandIn(host, machines),
    resolve: (host, port) => machines.resolve(host, port),
    arm: (steps) => {
      armed = steps;
      cloud.setFaults(steps.flatMap(cloudFault));
    },
    fault: (path) => (armed.some((step) => step.stack === undefined && matches(path, step.path)) ? rehearsedFailure(path) : undefined),
    updated: (stack) => (toDrift.delete(stack) ? cloud.drift({ stack }) : undefined),
    [Symbol.asyncDispose]: async () => {
      rmSync(placesFile, { force: true }); // first, so that nobody comes to a door that is about to close
      await machines.stop();
    },
  };
}

function cloudFault({ stack }: ArmedStep): Fault[] {
  return stack === undefined ? [] : [{ match: { stack }, op: 'create', effect: 'fail', message: 'this rehearsal was asked to let this stack fail' }];
}

/** `provision/stacks` means every item of it; `provision/stacks[1]` only that one. */
function matches(path: string, armed: string): boolean {
  return path === armed || path.replace(/\[\d+\]$/, '') === armed;
}

function rehearsedFailure(path: string): SlipwayError {
  return new SlipwayError('REHEARSED_FAILURE', `${path} fails because this rehearsal was asked to let it fail`, {
    hint: 'rehearse without --fail to see it succeed',
    retry: 'never',
  });
}

function onStandIn(host: Host, machines: RehearsalHosts): Host {
  const override: HostOverride | undefined = machines.hosts[host.name];
  if (!override) throw new SlipwayError('UNKNOWN_HOST', `no stand-in plays the host "${host.name}"`, { hint: 'hosts of a rehearsal come from the inventory' });
  // Stand-ins are all on this machine: a jump host would add nothing that is real.
  return { ...host, ...override, jump: [] };
}
