import { isArray, isObject, type Json, type JsonObject } from '../../core/index.ts';
import type { ParsedDocument } from '../parse.ts';
import type { Path } from '../path.ts';
import type { Catalogues } from '../repository.ts';
import { ACCESS_ACTIONS } from '../schema/access.ts';
import { mapsIn, suggest } from './context.ts';
import { loopIn } from './estate.ts';

type Owners = ReadonlyMap<string, ParsedDocument>;

/** Roles and teams of all Access files together: each defined once, each that is named there, no role that includes itself. */
export function checkAccess(catalogues: Catalogues): void {
  const files = [...catalogues.Access.values()];
  const roles = ownersOf(files, 'roles');
  const teams = ownersOf(files, 'teams');
  for (const file of files) {
    for (const [name, role] of membersOf(file.raw, 'roles')) checkRole(file, roles, { name, role });
    for (const [index, binding] of mapsIn(file.raw?.['bindings'])) {
      names(file, roles, { value: binding['role'], path: ['bindings', index, 'role'], noun: 'role' });
      for (const [position, subject] of textsIn(binding['subjects'])) {
        if (!subject.startsWith('team:')) continue;
        names(file, teams, { value: subject.slice('team:'.length), path: ['bindings', index, 'subjects', position], noun: 'team' });
      }
      checkPlaces(file, catalogues, { binding, index });
    }
  }
  checkLoop(files, roles);
}

/** Where each name is defined first; a second definition would make it depend on the order of files. */
function ownersOf(files: readonly ParsedDocument[], key: 'roles' | 'teams'): Owners {
  const owners = new Map<string, ParsedDocument>();
  for (const file of files) {
    for (const [name] of membersOf(file.raw, key)) {
      const first = owners.get(name);
      if (!first) owners.set(name, file);
      else {
        const message = `the ${key.slice(0, -1)} "${name}" is already defined in ${first.reporter.file}`;
        file.reporter.report({ code: 'DUPLICATE_NAME', path: [key, name], atKey: true, message, hint: 'give one of them another name' });
      }
    }
  }
  return owners;
}

function checkRole(file: ParsedDocument, roles: Owners, { name, role }: { readonly name: string; readonly role: JsonObject }): void {
  for (const [index, included] of textsIn(role['includes'])) names(file, roles, { value: included, path: ['roles', name, 'includes', index], noun: 'role' });
  for (const [index, action] of textsIn(role['actions'])) {
    const known = /^[*a-z]+(\.[*a-z]+)?$/.test(action) && ACCESS_ACTIONS.some((each) => fitsPattern(action, each));
    if (known || !/^(\*|[a-z]+\.[a-z*]+|\*\.[a-z]+)$/.test(action)) continue; // what is no action at all is said by its shape
    file.reporter.report({
      code: 'UNKNOWN_ACTION',
      path: ['roles', name, 'actions', index],
      message: `there is no action "${action}"`,
      hint: suggest(action, ACCESS_ACTIONS, 'action'),
    });
  }
}

function checkPlaces(file: ParsedDocument, catalogues: Catalogues, { binding, index }: { readonly binding: JsonObject; readonly index: number }): void {
  for (const [position, name] of textsIn(binding['environments']))
    names(file, catalogues.Environment, { value: name, path: ['bindings', index, 'environments', position], noun: 'environment' });
  for (const [position, name] of textsIn(binding['runbooks']))
    names(file, catalogues.Runbook, { value: name, path: ['bindings', index, 'runbooks', position], noun: 'runbook' });
}

interface Named {
  readonly value: Json | undefined;
  readonly path: Path;
  readonly noun: 'role' | 'team' | 'environment' | 'runbook';
}

/** A name without `*` leads somewhere. */
function names(file: ParsedDocument, known: ReadonlyMap<string, unknown>, { value, path, noun }: Named): void {
  if (typeof value !== 'string' || value.includes('*') || known.has(value)) return;
  file.reporter.report({
    code: `UNKNOWN_${noun.toUpperCase()}`,
    path,
    message: `there is no ${noun} "${value}" in this repository`,
    hint: suggest(value, [...known.keys()], noun),
  });
}

function checkLoop(files: readonly ParsedDocument[], roles: Owners): void {
  const graph = new Map(files.flatMap((file) => membersOf(file.raw, 'roles')).map(([name, role]) => [name, textsIn(role['includes']).map(([, text]) => text)]));
  const loop = loopIn(graph);
  const first = loop?.[0] ?? '';
  if (!loop) return;
  const message = `roles include each other: ${loop.join(' → ')}`;
  roles.get(first)?.reporter.report({ code: 'ROLE_LOOP', path: ['roles', first, 'includes'], message, hint: 'remove one of these includes' });
}

function membersOf(raw: JsonObject | undefined, key: string): readonly (readonly [string, JsonObject])[] {
  const value = raw?.[key];
  return isObject(value) ? Object.entries(value).flatMap(([name, member]) => (isObject(member) ? [[name, member] as const] : [])) : [];
}

function textsIn(value: Json | undefined): readonly (readonly [number, string])[] {
  if (value === undefined || !isArray(value)) return [];
  return value.flatMap((item, index) => (typeof item === 'string' ? [[index, item] as const] : []));
}

/** Does a pattern with `*` fit a name? */
export function fitsPattern(pattern: string, name: string): boolean {
  const parts = pattern.split('*').map((part) => part.replaceAll('.', String.raw`\.`));
  return new RegExp(`^${parts.join('.*')}$`).test(name);
}
