import { matchesGlob } from 'node:path';
import type { Uses, WrittenDocument } from '../../../runbook/index.ts';
import { type Changes, changesBetween, usesIn } from './changes.ts';
import type { Snapshot } from './snapshot.ts';

/** Why a runbook is affected. */
export interface Reason {
  readonly kind: 'runbook' | 'stack' | 'file' | 'environment' | 'calendar' | 'hosts' | 'wave' | 'call' | 'paths' | 'policies' | 'access';
  /** Name of the environment, called runbook, program …; empty where there is none. */
  readonly name: string;
  /** Changed files that it is about; not all of them when there are many. */
  readonly paths: readonly string[];
}
export interface Affected {
  readonly runbook: string;
  /** Where it is written; for one that is gone, where it was. */
  readonly file: string;
  readonly change: 'added' | 'removed' | 'changed' | 'inputs';
  readonly reasons: readonly Reason[];
}

/** Would a plan of it be another one? Policies and access rules say who may do it, and change nothing of what it does. */
export function isTouched({ change, reasons }: Affected): boolean {
  return change !== 'removed' && reasons.some(({ kind }) => kind !== 'policies' && kind !== 'access');
}

const MOST_PATHS = 5;

/**
 * Runbooks for which something differs between two snapshots, by name: its own file, programs of its stacks with all they import, files its steps take,
 * hosts it selects, its environments and their calendars, waves, what it calls, paths it names; and all of them when policies or access files differ.
 */
export function affectedBy(before: Snapshot, after: Snapshot): readonly Affected[] {
  const changes = changesBetween(before, after);
  if (changes.paths.size === 0) return [];
  const shared = sharedReasons(changes);
  const [old, now] = [runbooksOf(before), runbooksOf(after)];
  const reasons = new Map([...now].map(([name, document]) => [name, reasonsFor(document, changes)]));
  addCallers(now, reasons);
  const found = [...now].flatMap(([runbook, { file }]): readonly Affected[] => {
    const own = [...(reasons.get(runbook) ?? []), ...shared];
    const change = !old.has(runbook) ? 'added' : own.some(({ kind }) => kind === 'runbook') || old.get(runbook)?.file !== file ? 'changed' : 'inputs';
    return own.length > 0 ? [{ runbook, file, change, reasons: own }] : [];
  });
  const gone = [...old].filter(([runbook]) => !now.has(runbook)).map(([runbook, { file }]) => goneOf(runbook, file));
  return [...found, ...gone].sort((a, b) => (a.runbook < b.runbook ? -1 : 1));
}

function goneOf(runbook: string, file: string): Affected {
  return { runbook, file, change: 'removed', reasons: [{ kind: 'runbook', name: '', paths: [file] }] };
}

function runbooksOf({ documents }: Snapshot): ReadonlyMap<string, WrittenDocument> {
  // Of two with one name the first counts, as where names are checked.
  return new Map(
    documents
      .filter(({ kind }) => kind === 'Runbook')
      .toReversed()
      .map((document) => [document.name, document]),
  );
}

/** What concerns every runbook alike. */
function sharedReasons({ paths, documents }: Changes): readonly Reason[] {
  const policies = [...paths].filter((path) => path.startsWith('policies/'));
  const access = [...documents('Access')];
  return [
    ...(policies.length > 0 ? [{ kind: 'policies' as const, name: '', paths: few(policies) }] : []),
    ...access.map((name) => ({ kind: 'access' as const, name, paths: [] })),
  ];
}

function reasonsFor(document: WrittenDocument, changes: Changes): readonly Reason[] {
  const uses = usesIn(document);
  return [
    ...(isRewritten(document, changes) ? [{ kind: 'runbook' as const, name: '', paths: [document.file] }] : []),
    ...stackReasons(uses, changes),
    ...fileReasons(uses, changes),
    ...hostReasons(uses, changes),
    ...settingReasons(uses, changes),
    ...(changes.waves.get(document.name) ?? []).map((name) => ({ kind: 'wave' as const, name, paths: [] })),
  ];
}

/** Its text is another one; a link may lead to a text elsewhere. */
function isRewritten({ name, file }: WrittenDocument, { paths, documents }: Changes): boolean {
  return paths.has(file) || documents('Runbook').has(name);
}

function stackReasons({ stacks }: Uses, changes: Changes): readonly Reason[] {
  const programs = new Set(stacks.map((stack) => stack.split('/')[0] ?? ''));
  return [...programs].flatMap((program): readonly Reason[] => {
    const isUnknown = program.includes('${{');
    const paths = isUnknown ? changes.anyProgram() : changes.program(program);
    return paths.length === 0 ? [] : [{ kind: 'stack', name: isUnknown ? '' : program, paths: few(paths) }];
  });
}

function fileReasons({ texts, anyFile, paths: patterns }: Uses, { paths, places }: Changes): readonly Reason[] {
  const named = texts.flatMap((text) => {
    const path = text.replace(/^\.\//, '').replace(/\/$/, '');
    const [start = ''] = path.split('${{');
    if (start === path) return paths.has(path) || (path.includes('/') && places.has(path)) ? [path] : [];
    return start.includes('/') ? [...paths].filter((each) => each.startsWith(start)) : [];
  });
  const any = anyFile ? [...paths].filter(mayBeTaken) : [];
  const watched = patterns.length === 0 ? [] : [...paths].filter((path) => patterns.some((pattern) => matchesGlob(path, pattern)));
  const files = [...new Set([...named, ...any])];
  return [
    ...(files.length > 0 ? [{ kind: 'file' as const, name: '', paths: few(files) }] : []),
    ...(watched.length > 0 ? [{ kind: 'paths' as const, name: '', paths: few(watched) }] : []),
  ];
}

/** A file whose name nobody knows yet is no program, policy or document. */
function mayBeTaken(path: string): boolean {
  return !/^(?:stacks|policies)\//.test(path) && !/^runbooks\/.*\.ya?ml$/.test(path);
}

function hostReasons({ hosts }: Uses, { hosts: changes }: Changes): readonly Reason[] {
  if (!changes.any) return [];
  return hosts.filter((pattern) => changes.isOther(pattern)).map((name) => ({ kind: 'hosts', name, paths: [] }));
}

function settingReasons({ environments, calendars }: Uses, changes: Changes): readonly Reason[] {
  const changed = environments.filter((name) => changes.documents('Environment').has(name));
  const wanted = [...new Set([...calendars, ...environments.flatMap(changes.calendarsOf)])].filter((name) => changes.documents('Calendar').has(name));
  return [
    ...changed.map((name) => ({ kind: 'environment' as const, name, paths: [] })),
    ...wanted.map((name) => ({ kind: 'calendar' as const, name, paths: [] })),
  ];
}

/** Whoever calls what is affected is affected, over any number of calls; a call that only the run knows may be of anything. */
function addCallers(runbooks: ReadonlyMap<string, WrittenDocument>, reasons: Map<string, readonly Reason[]>): void {
  for (let isChanged = true; isChanged;) {
    isChanged = false;
    for (const [name, document] of runbooks) {
      const own = reasons.get(name) ?? [];
      if (own.some(({ kind }) => kind === 'call')) continue;
      const called = usesIn(document).calls.filter((callee) => (callee.includes('${{') ? anyOther(reasons, name) : (reasons.get(callee) ?? []).length > 0));
      if (called.length === 0) continue;
      reasons.set(name, [...own, ...called.map((callee): Reason => ({ kind: 'call', name: callee, paths: [] }))]);
      isChanged = true;
    }
  }
}

function anyOther(reasons: ReadonlyMap<string, readonly Reason[]>, name: string): boolean {
  return [...reasons].some(([other, list]) => other !== name && list.length > 0);
}

function few(paths: readonly string[]): readonly string[] {
  return paths.slice(0, MOST_PATHS);
}
