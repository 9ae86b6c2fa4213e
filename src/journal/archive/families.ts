import { isObject, type Json } from '../../core/index.ts';
import type { Family, RunFate } from './port.ts';

/** The runs that a run's labels name: the one that called it, the one that it undoes, and the one that it goes on with. */
export function refersTo(labels: Json): readonly string[] {
  if (!isObject(labels)) return [];
  return [labels['parent'], labels['rollbackOf'], labels['retryOf']].filter((id): id is string => typeof id === 'string');
}

/** Runs that belong together because one refers to another, each in exactly one group; a run that is not here any more belongs to none. */
export function familiesOf(runs: readonly RunFate[]): readonly Family[] {
  const byId = new Map(runs.map((run) => [run.id, run]));
  const groupOf = new Map<string, Set<string>>(runs.map(({ id }) => [id, new Set([id])]));
  for (const { id, refersTo: others } of runs) {
    for (const other of others) {
      const [mine, theirs] = [groupOf.get(id), groupOf.get(other)];
      if (!mine || !theirs || mine === theirs) continue;
      const [small, large] = mine.size < theirs.size ? [mine, theirs] : [theirs, mine];
      for (const member of small) groupOf.set(member, large.add(member));
    }
  }
  return [...new Set(groupOf.values())].map((ids) => [...ids].flatMap((id) => byId.get(id) ?? []));
}

/** Families of which every run has ended, longer ago than that, and is driven by nobody. */
export function prunable(runs: readonly RunFate[], terminal: ReadonlySet<string>, endedBefore: number): readonly Family[] {
  const mayGo = ({ state, updatedAt, isDriven }: RunFate): boolean => terminal.has(state) && updatedAt < endedBefore && !isDriven;
  return familiesOf(runs).filter((family) => family.every(mayGo));
}

/** Those of which nothing has changed since they were looked at, and which nobody else refers to: somebody may have begun to undo one. */
export function unchanged(families: readonly Family[], now: readonly RunFate[]): readonly Family[] {
  const found = new Map(now.map((run) => [run.id, run]));
  const referred = new Map<string, string[]>();
  for (const run of now) for (const other of run.refersTo) referred.set(other, [...(referred.get(other) ?? []), run.id]);
  return families.filter((family) => {
    const ids = new Set(family.map(({ id }) => id));
    return family.every(({ id, state, lastSeq }) => {
      const run = found.get(id);
      const isSame = run !== undefined && run.state === state && run.lastSeq === lastSeq && !run.isDriven;
      return isSame && (referred.get(id) ?? []).every((other) => ids.has(other));
    });
  });
}
