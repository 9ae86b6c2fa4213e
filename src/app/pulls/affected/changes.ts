import { digestOf } from '../../../core/index.ts';
import { type Uses, usesOf, type WrittenDocument } from '../../../runbook/index.ts';
import { hostChanges, type HostChanges } from './hosts.ts';
import { createPrograms, type Programs } from './programs.ts';
import type { Snapshot } from './snapshot.ts';

/** What differs between two snapshots, each part asked for when somebody needs it. */
export interface Changes {
  readonly paths: ReadonlySet<string>;
  /** Of changed files, and of all folders above them. */
  readonly places: ReadonlySet<string>;
  /** Names of documents of a kind that are new, gone, or say something else. */
  readonly documents: (kind: WrittenDocument['kind']) => ReadonlySet<string>;
  /** What a program is made of before and after. */
  readonly program: (program: string) => readonly string[];
  readonly anyProgram: () => readonly string[];
  readonly hosts: HostChanges;
  /** Calendars that an environment names before and after. */
  readonly calendarsOf: (environment: string) => readonly string[];
  /** Waves that are new, gone or other, by the runbook they are of. */
  readonly waves: ReadonlyMap<string, readonly string[]>;
}

/** Compare two snapshots; pure but for what it remembers. */
export function changesBetween(before: Snapshot, after: Snapshot): Changes {
  const paths = changedPaths(before, after);
  const documents = new Map<string, ReadonlySet<string>>();
  const programs: readonly Programs[] = [createPrograms(before, paths), createPrograms(after, paths)];
  return {
    paths,
    places: placesOf(paths),
    documents: (kind) => {
      const known = documents.get(kind) ?? changedDocuments(before, after, kind);
      documents.set(kind, known);
      return known;
    },
    program: (program) => union(programs.map((side) => side.changedFor(program))),
    anyProgram: () => union(programs.map((side) => side.changedForAny)),
    hosts: hostChanges(before, after, paths),
    calendarsOf: calendarsIn([before, after]),
    waves: wavesOf([before, after], changedDocuments(before, after, 'Wave')),
  };
}

function calendarsIn(sides: readonly Snapshot[]): Changes['calendarsOf'] {
  const known = new Map<string, readonly string[]>();
  for (const document of sides.flatMap(({ documents }) => documents)) {
    if (document.kind === 'Environment') known.set(document.name, union([known.get(document.name) ?? [], usesIn(document).calendars]));
  }
  return (environment) => known.get(environment) ?? [];
}

function wavesOf(sides: readonly Snapshot[], changed: ReadonlySet<string>): ReadonlyMap<string, readonly string[]> {
  const waves = new Map<string, readonly string[]>();
  for (const { kind, name, raw } of sides.flatMap(({ documents }) => documents)) {
    const runbook = raw['runbook'];
    if (kind === 'Wave' && changed.has(name) && typeof runbook === 'string') waves.set(runbook, union([waves.get(runbook) ?? [], [name]]));
  }
  return waves;
}

function changedPaths({ tree: old }: Snapshot, { tree: now }: Snapshot): ReadonlySet<string> {
  const changed = new Set<string>();
  for (const [path, { oid, mode }] of now) if (old.get(path)?.oid !== oid || old.get(path)?.mode !== mode) changed.add(path);
  for (const path of old.keys()) if (!now.has(path)) changed.add(path);
  return changed;
}

function placesOf(paths: ReadonlySet<string>): ReadonlySet<string> {
  const places = new Set<string>();
  for (const path of paths) for (let place = path; place !== ''; place = place.slice(0, Math.max(0, place.lastIndexOf('/')))) places.add(place);
  return places;
}

function changedDocuments(before: Snapshot, after: Snapshot, kind: WrittenDocument['kind']): ReadonlySet<string> {
  const [old, now] = [before, after].map(
    ({ documents }) => new Map(documents.filter((each) => each.kind === kind).map((each) => [each.name, digestFor(each)])),
  );
  const names = new Set([...(old?.keys() ?? []), ...(now?.keys() ?? [])]);
  return new Set([...names].filter((name) => old?.get(name) !== now?.get(name)));
}

const digests = new WeakMap<WrittenDocument['raw'], string>();
const uses = new WeakMap<WrittenDocument['raw'], Uses>();

/** Of what it says, not of how it is written: comments and order of keys are nothing to others. */
function digestFor({ raw }: WrittenDocument): string {
  const known = digests.get(raw) ?? digestOf(raw);
  digests.set(raw, known);
  return known;
}

/** What a document names; worked out once per text. */
export function usesIn({ raw }: WrittenDocument): Uses {
  const known = uses.get(raw) ?? usesOf(raw);
  uses.set(raw, known);
  return known;
}

function union(lists: readonly (readonly string[])[]): readonly string[] {
  return [...new Set(lists.flat())].sort();
}
