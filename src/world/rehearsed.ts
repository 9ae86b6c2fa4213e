import { join } from 'node:path';
import type { RehearsalOptions, World } from '../app/index.ts';
import { didYouMean, EXIT, type JsonObject, SlipwayError, systemClock } from '../core/index.ts';
import { evaluateDeep } from '../expr/index.ts';
import type { PlanGraph } from '../plan/index.ts';
import { type ArmedStep, openRehearsal, type Rehearsal } from '../rehearsal/index.ts';
import type { Host, PulumiPort } from '../steps/index.ts';
import { toolVersion } from '../config/index.ts';
import type { PulumiOptions } from '../effects/pulumi/index.ts';
import { type Building, buildPorts } from './build.ts';

/** Real engine, Pulumi, SSH and HTTP; stand-ins for the clouds and machines behind them. */
export async function openRehearsedWorld(building: Building, { id, options }: { readonly id: string; readonly options: RehearsalOptions }): Promise<World> {
  const { config, request } = building;
  const dir = join(config.stateDir, 'rehearsals', id);
  const { inventory } = request;
  const hosts = [...inventory.hosts.values()].map(({ host }) => ({ name: host.name, vars: host.vars, address: host.address }));
  const rehearsal = await openRehearsal({
    dir,
    node: process.execPath,
    clock: systemClock,
    hosts,
    slow: options.slow,
    drift: options.drift,
    cacheDir: join(config.cacheDir, 'rehearsal'),
  });
  const host = (name: string): Host => {
    const found = inventory.hosts.get(name)?.host;
    if (!found) throw new SlipwayError('UNKNOWN_HOST', `the inventory has no host "${name}"`, { hint: 'plan again: the inventory has changed' });
    return rehearsal.host(found);
  };
  const resolve = onlyStandIns(rehearsal.resolve);
  const built = buildPorts(building, { rehearsal: true, resolve, host, pulumi: pulumiOf(building, dir, rehearsal) });
  const ports: World['ports'] = { ...built.ports, pulumi: drifting(built.ports.pulumi, rehearsal, request.notice) };
  return {
    ports,
    portsOf: (runId) => ({ ...ports, evidence: built.evidenceOf(runId) }),
    host,
    arm: (graph, inputs) => rehearsal.arm(options.fail.map((wanted) => armedStep(graph, inputs, wanted))),
    fault: rehearsal.fault,
    [Symbol.asyncDispose]: async () => {
      await built.ports.ssh.release(request.runId);
      built[Symbol.dispose]();
      await rehearsal[Symbol.asyncDispose]();
    },
  };
}

/** A request of a rehearsal never leaves it: whoever is not played by a stand-in may be the real one. @throws {SlipwayError} `REHEARSAL_PLACE`. */
function onlyStandIns(resolve: Rehearsal['resolve']): Rehearsal['resolve'] {
  return (host, port) => {
    const place = resolve(host, port);
    if (place) return place;
    throw new SlipwayError('REHEARSAL_PLACE', `no stand-in plays ${host}:${port}, and a rehearsal reaches nothing real`, {
      hint: 'let a host of the inventory play it: vars.rehearsal.names, and vars.rehearsal.http for its port',
    });
  };
}

/** Its own state, its own plugins, nothing of the person's clouds. */
function pulumiOf({ config, pulumi }: Building, dir: string, { cloud }: Rehearsal): PulumiOptions {
  return {
    stateDir: dir,
    // Programs and providers look for credentials of clouds in the home folder too.
    env: { ...config.children.base, HOME: dir, PULUMI_CONFIG_PASSPHRASE: 'rehearsal' },
    node: process.execPath,
    now: () => systemClock.now(),
    cli: { path: pulumi, version: toolVersion('pulumi') },
    pulumiHome: join(dir, 'pulumi-home'),
    pluginPath: [cloud.pluginPath],
    extraEnv: cloud.env,
  };
}

/** Change a stack's resources behind Pulumi's back after its first update, when the rehearsal was asked to. */
function drifting(pulumi: PulumiPort, rehearsal: Rehearsal, notice: (line: string) => void): PulumiPort {
  return {
    ...pulumi,
    up: async (target, control) => {
      const result = await pulumi.up(target, control);
      const urn = rehearsal.updated(`${target.program}/${target.name}`);
      if (urn !== undefined) notice(`rehearsal: changed ${urn} behind Pulumi's back`);
      return result;
    },
  };
}

/** The step a person means by its path or its id; for a stack, the cloud refuses. */
function armedStep(graph: PlanGraph, inputs: JsonObject, wanted: string): ArmedStep {
  const bare = wanted.replace(/\[\d+\]$/, '');
  const node = graph.nodes[bare] ?? Object.values(graph.nodes).find(({ id, role }) => id === bare && role !== 'compensate');
  if (!node) {
    const names = Object.values(graph.nodes).flatMap(({ path, id }) => [path, id]);
    const near = didYouMean(bare, names);
    throw new SlipwayError('UNKNOWN_STEP', `the runbook has no step "${wanted}" that could be made to fail`, {
      exitCode: EXIT.notFound,
      hint: near
        ? `did you mean "${near}"?`
        : `it has ${Object.values(graph.nodes)
            .filter(({ role }) => role === 'step')
            .map(({ path }) => path)
            .join(', ')}`,
    });
  }
  const stack = node.uses === 'pulumi.up' && node.foreach === undefined ? evaluateDeep(node.with['stack'] ?? '', { inputs, steps: {} }) : '';
  const path = node.path + wanted.slice(bare.length);
  return typeof stack === 'string' && stack !== '' && !stack.endsWith('/') ? { path, stack } : { path };
}
