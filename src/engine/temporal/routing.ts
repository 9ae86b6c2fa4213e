import { isArray, isObject, type Json, type JsonObject } from '../../core/pure.ts';
import type { PlanGraph } from '../../plan/index.ts';
import type { Rules } from './contract.ts';

/** What decides where a step runs. */
export interface Placed {
  /** Path of its node, or id of its phase. */
  readonly phase: string;
  readonly with: JsonObject;
}

/**
 * The zone a step belongs to, or undefined for the central worker: the zone whose `stacks` name the stack it works on, else the zone of its phase's
 * environment when that has exactly one. Steps on hosts are placed host by host.
 */
export function zoneOfStep(graph: PlanGraph, step: Placed): string | undefined {
  const zones = zonesOf(graph, step.phase);
  const { stack } = step.with;
  const owners = typeof stack === 'string' ? zones.filter(({ stacks }) => stacks.some((pattern) => names(pattern, stack))) : [];
  if (owners[0]) return owners[0].name;
  return zones.length === 1 ? zones[0]?.name : undefined;
}

/** The zone of a host as the plan knows it. */
export function zoneOfHost(graph: PlanGraph, host: string): string | undefined {
  return graph.hosts[host]?.zone;
}

/** Hosts by zone, in their order; hosts without one belong to the central worker. */
export function hostsByZone(graph: PlanGraph, hosts: readonly string[]): ReadonlyMap<string | undefined, readonly string[]> {
  return Map.groupBy(hosts, (host) => zoneOfHost(graph, host));
}

interface Zone {
  readonly name: string;
  readonly stacks: readonly string[];
}

function zonesOf({ phases, environment }: PlanGraph, phase: string): readonly Zone[] {
  const name = phases.find(({ id }) => id === phase)?.environment;
  const written = name === undefined ? undefined : environment[name];
  const zones = isObject(written) ? written['zones'] : undefined;
  return zones !== undefined && isArray(zones) ? zones.flatMap(zoneFrom) : [];
}

function zoneFrom(zone: Json): readonly Zone[] {
  if (!isObject(zone) || typeof zone['name'] !== 'string') return [];
  const { name, stacks = [] } = zone;
  return [{ name, stacks: isArray(stacks) ? stacks.filter((stack): stack is string => typeof stack === 'string') : [] }];
}

/** `program/stack`, or `program` for all of its stacks. */
function names(pattern: string, stack: string): boolean {
  return pattern === stack || (!pattern.includes('/') && stack.startsWith(`${pattern}/`));
}

/** Task queue of what only waits: however many runs do, they keep no step from its worker. */
export function waitingQueueOf({ queue }: Pick<Rules, 'queue'>): string {
  return `${queue}-turns`;
}

/** Task queue of a zone. */
export function queueOf(rules: Pick<Rules, 'queue'>, zone: string | undefined): string {
  return zone === undefined ? rules.queue : `${rules.queue}-zone-${zone}`;
}
