import type { JsonObject } from '../../core/index.ts';
import type { Mistake } from '../report.ts';
import { mapsIn, suggest, textOf } from './context.ts';
import { checkApproval, checkTimes, checkTimeZone, checkWindow } from './rules.ts';

type Report = (mistake: Mistake) => void;
type Check = (document: JsonObject, report: Report) => void;

/** Rules of the other kinds of file that no single key shows. */
export const ESTATE_CHECKS: Readonly<Record<string, Check>> = {
  Calendar: calendar,
  Environment: environment,
  Wave: wave,
  Portfolio: portfolio,
  Objective: objective,
};

function calendar(document: JsonObject, report: Report): void {
  checkTimeZone(document['timeZone'], ['timeZone'], report);
  for (const [index, window] of mapsIn(document['windows'])) checkTimes(window, ['windows', index], report);
}

function environment(document: JsonObject, report: Report): void {
  checkApproval(document['approval'], ['approval'], report);
  checkWindow(document['window'], ['window'], report);
  unique(document, { list: 'zones', key: 'name', noun: 'zone' }, report);
}

function wave(document: JsonObject, report: Report): void {
  checkWindow(document['window'], ['window'], report);
  if (document['hosts'] !== undefined && document['servers'] !== undefined) {
    report({
      code: 'HOSTS_AND_SERVERS',
      path: ['servers'],
      atKey: true,
      message: '"hosts" and "servers" cannot be in one wave',
      hint: 'use hosts for a pattern of the inventory, servers for a plain list',
    });
  }
}

function objective(document: JsonObject, report: Report): void {
  unique(document, { list: 'objectives', key: 'name', noun: 'objective' }, report);
}

function unique(document: JsonObject, { list, key, noun }: { readonly list: string; readonly key: string; readonly noun: string }, report: Report): void {
  const seen = new Set<string>();
  for (const [index, entry] of mapsIn(document[list])) {
    const name = textOf(entry, key);
    if (name === undefined) continue;
    if (seen.has(name))
      report({
        code: 'DUPLICATE_NAME',
        path: [list, index, key],
        message: `${noun} "${name}" is listed twice`,
        hint: 'remove one of them, or give it another name',
      });
    seen.add(name);
  }
}

function portfolio(document: JsonObject, report: Report): void {
  unique(document, { list: 'services', key: 'name', noun: 'service' }, report);
  const services = new Map(mapsIn(document['services']).map(([index, service]) => [textOf(service, 'name') ?? '', { index, needs: dependencies(service) }]));
  for (const { index, needs } of services.values()) {
    for (const [position, need] of needs.entries()) {
      if (services.has(need)) continue;
      report({
        code: 'UNKNOWN_SERVICE',
        path: ['services', index, 'dependsOn', position],
        message: `there is no service "${need}"`,
        hint: suggest(need, [...services.keys()], 'service'),
      });
    }
  }
  const loop = loopIn(new Map([...services].map(([name, { needs }]) => [name, needs])));
  const index = loop && services.get(loop[0] ?? '')?.index;
  if (loop && index !== undefined) {
    report({
      code: 'DEPENDS_LOOP',
      path: ['services', index, 'dependsOn'],
      message: `services depend on each other: ${loop.join(' → ')}`,
      hint: 'move them in one wave, or remove one of these dependencies',
    });
  }
}

function dependencies(service: JsonObject): readonly string[] {
  const needs = service['dependsOn'];
  return Array.isArray(needs) ? needs.filter((need) => typeof need === 'string') : [];
}

/** A loop in a graph of names, the first name repeated at the end; undefined when there is none. */
export function loopIn(graph: ReadonlyMap<string, readonly string[]>): readonly string[] | undefined {
  const done = new Set<string>();
  for (const start of graph.keys()) {
    const trail: string[] = [];
    const stack: { readonly name: string; readonly depth: number }[] = [{ name: start, depth: 0 }];
    for (let at = stack.pop(); at; at = stack.pop()) {
      for (const left of trail.splice(at.depth)) done.add(left);
      if (trail.includes(at.name)) return [...trail.slice(trail.indexOf(at.name)), at.name];
      if (done.has(at.name)) continue;
      trail.push(at.name);
      const depth = trail.length;
      for (const next of graph.get(at.name) ?? []) if (graph.has(next)) stack.push({ name: next, depth });
    }
    for (const left of trail) done.add(left);
  }
  return undefined;
}
