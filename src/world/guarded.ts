import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { World } from '../app/index.ts';
import { toolVersion } from '../config/index.ts';
import { SlipwayError, systemClock } from '../core/index.ts';
import type { Host, Ports, PulumiPort } from '../steps/index.ts';
import { type Building, buildPorts, pulumiEnvironment } from './build.ts';
import { maskSettings } from './real.ts';

/**
 * The outside as a change may see it that nobody has approved: stacks are previewed with read-only credentials of clouds, in a home folder of their own,
 * and nothing else is reached. A machine is not even asked: its inventory is part of the change, and so is what would be run there.
 */
export async function openGuardedWorld(building: Building): Promise<World> {
  const { config, request, pulumi } = building;
  maskSettings(building);
  const home = join(config.stateDir, 'previews');
  mkdirSync(home, { recursive: true, mode: 0o700 });
  const host = (name: string): Host => {
    const known = request.inventory.hosts.get(name)?.host;
    if (!known) throw new SlipwayError('UNKNOWN_HOST', `the inventory has no host "${name}"`, { hint: 'plan again: the inventory has changed' });
    return known;
  };
  const built = buildPorts(building, {
    rehearsal: false,
    host,
    pulumi: {
      stateDir: config.stateDir,
      // Programs and providers look for credentials of clouds in the home folder too.
      env: { ...pulumiEnvironment(config, config.children.guardedClouds), HOME: home },
      node: process.execPath,
      now: () => systemClock.now(),
      backendUrl: config.pulumi.backend,
      pulumiHome: join(home, 'pulumi-home'),
      cli: { path: pulumi, version: toolVersion('pulumi') },
    },
  });
  const ports = onlyLooks(built.ports);
  return {
    ports,
    portsOf: () => ports,
    host,
    arm: () => undefined,
    fault: () => undefined,
    [Symbol.asyncDispose]: async () => built[Symbol.dispose](),
  };
}

/** Every port by its name: one that is new does not compile before somebody has thought about it here. */
function onlyLooks({ clock, evidence, policy, pulumi }: Ports): Ports {
  const looks: Pick<PulumiPort, 'state' | 'preview'> = {
    state: (target, options) => pulumi.state(target, options),
    preview: (target, mode, options) => pulumi.preview(target, mode, options),
  };
  return {
    ...{ clock, evidence, policy },
    pulumi: { ...looks, up: refuse, refresh: refuse, destroy: refuse, import: refuse },
    ssh: { exec: refuse, terminal: refuse, read: refuse, write: refuse, release: async () => undefined },
    http: { request: refuse },
    tcp: { connect: refuse },
    notify: { send: refuse },
    metrics: { latest: refuse, history: refuse },
  };
}

async function refuse(): Promise<never> {
  throw new SlipwayError('GUARDED', 'looked at when the change is applied: a pull request reaches no machine', {
    hint: 'what it would do there is what the step says',
  });
}
