import { isArray, isObject, type Json, type JsonObject } from '../../core/index.ts';
import type { PolicyEnvironment, PolicyHost, PolicyStack } from './document.ts';
import { isProduction } from './steps.ts';
import type { PlanBody, PlanGraph, PlannedHost } from '../types.ts';

/** One entry per stack operation that was previewed, in run order. */
export function stacksOf({ graph, previews }: Pick<PlanBody, 'graph' | 'previews'>): readonly PolicyStack[] {
  return Object.entries(previews).flatMap(([path, preview]) => {
    if (preview.type !== 'stack') return [];
    // A foreach item has the path of its step and an index.
    const node = graph.nodes[path] ?? graph.nodes[path.replace(/\[\d+\]$/, '')];
    const phase = graph.phases.find(({ id }) => id === node?.phase);
    const [program = '', name = ''] = preview.stack.split('/');
    const { counts, changes, warnings, approximate } = preview.preview;
    return [
      {
        path,
        phase: node?.phase ?? '',
        phaseType: phase?.type ?? 'custom',
        ...(phase?.environment === undefined ? {} : { environment: phase.environment }),
        production: isProduction(graph, phase?.environment),
        ...{ stack: preview.stack, program, name, operation: preview.operation, approximate, counts, changes, warnings },
      },
    ];
  });
}

/** A host without anything that would help to log in. */
export function hostOf({ name, address, port, user, zone, groups, vars, jump, hostKeys, shell, legacy = [] }: PlannedHost, facts?: JsonObject): PolicyHost {
  const given = { ...(zone === undefined ? {} : { zone }), ...(facts === undefined ? {} : { facts }) };
  return { name, address, port, user, ...given, groups, vars, jump, pinnedHostKeys: hostKeys.length, shell: shell ?? 'posix', legacy };
}

/** What hosts said of themselves when the plan was made, by name. */
export function factsIn(previews: PlanBody['previews']): ReadonlyMap<string, JsonObject> {
  const told = Object.values(previews).flatMap((preview) => (preview.type === 'hosts' ? preview.hosts : []));
  const facts = new Map<string, JsonObject>();
  for (const { host, facts: more } of told) if (more) facts.set(host, { ...facts.get(host), ...more });
  return facts;
}

export function environmentsFor(graph: PlanGraph): { readonly [name: string]: PolicyEnvironment } {
  return Object.fromEntries(Object.entries(graph.environment).map(([name, value]) => [name, environmentFrom(graph, name, value)]));
}

function environmentFrom(graph: PlanGraph, name: string, value: Json): PolicyEnvironment {
  const written = isObject(value) ? value : {};
  const { zones, costCeiling, approval, window } = written;
  return {
    name,
    production: isProduction(graph, name),
    zones: zones !== undefined && isArray(zones) ? zones.flatMap(zoneFrom) : [],
    ...(typeof costCeiling === 'number' ? { costCeiling } : {}),
    hasApproval: approval !== undefined,
    hasWindow: window !== undefined,
  };
}

function zoneFrom(zone: Json): PolicyEnvironment['zones'] {
  if (!isObject(zone)) return [];
  const { name, provider, regions } = zone;
  return [{ name: textOf(name), provider: textOf(provider), regions: regions !== undefined && isArray(regions) ? regions.map(String) : [] }];
}

function textOf(value: Json | undefined): string {
  return typeof value === 'string' ? value : '';
}
