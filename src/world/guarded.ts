import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { World } from '../app/index.ts';
import { toolVersion } from '../config/index.ts';
import { SlipwayError, systemClock } from '../core/index.ts';
import type { Ports, PulumiPort } from '../steps/index.ts';
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
  const built = buildPorts(building, {
    rehearsal: false,
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
    host: (name) => {
      const host = request.inventory.hosts.get(name)?.host;
      if (!host) throw new SlipwayError('UNKNOWN_HOST', `the inventory has no host "${name}"`, { hint: 'plan again: the inventory has changed' });
      return host;
    },
    arm: () => undefined,
    fault: () => undefined,
    [Symbol.asyncDispose]: async () => built[Symbol.dispose](),
  };
}

function onlyLooks(ports: Ports): Ports {
  const looks: Pick<PulumiPort, 'state' | 'preview'> = {
    state: (target, options) => ports.pulumi.state(target, options),
    preview: (target, mode, options) => ports.pulumi.preview(target, mode, options),
  };
  const pulumi: PulumiPort = { ...looks, up: refuse, refresh: refuse, destroy: refuse, import: refuse };
  const ssh: Ports['ssh'] = { exec: refuse, read: refuse, write: refuse, release: async () => undefined };
  return { ...ports, pulumi, ssh, http: { request: refuse }, tcp: { connect: refuse }, notify: { send: refuse } };
}

async function refuse(): Promise<never> {
  throw new SlipwayError('GUARDED', 'looked at when the change is applied: a pull request reaches no machine', {
    hint: 'what it would do there is what the step says',
  });
}
