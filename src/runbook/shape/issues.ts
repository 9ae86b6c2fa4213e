import type { z } from 'zod';
import type { JsonObject, Json } from '../../core/index.ts';
import type { Path } from '../path.ts';
import type { Mistake } from '../report.ts';
import { isWritten, keysAt, schemasAt, valueAt } from './schema-at.ts';
import { unknownKeyHint } from './unknown-key.ts';
import { inputWords } from './words.ts';

type Issue = z.core.$ZodIssue;
type UnionIssue = Extract<Issue, { code: 'invalid_union' }>;
type KeysIssue = Extract<Issue, { code: 'unrecognized_keys' }>;

/** What a shape check was about. */
export interface Checked {
  /** The value as written. */
  readonly value: Json;
  /** JSON Schema of the shape, for the names it knows. */
  readonly schema: JsonObject;
  /** Places whose mistakes are somebody else's business, for example expressions. */
  readonly ignores: (path: Path) => boolean;
}

/** zod's issues as mistakes in plain words; paths are relative to the value. */
export function mistakesOf(issues: readonly Issue[], checked: Checked): readonly Mistake[] {
  return issues.flatMap((issue) => mistakesOfIssue(issue, [], checked));
}

function pathOf(issue: Issue, base: Path): Path {
  return [...base, ...issue.path.map((segment) => (typeof segment === 'symbol' ? String(segment) : segment))];
}

function mistakesOfIssue(issue: Issue, base: Path, checked: Checked): readonly Mistake[] {
  const path = pathOf(issue, base);
  if (checked.ignores(path)) return [];
  if (issue.code === 'unrecognized_keys') return unknownKeys(issue, path, checked);
  if (issue.code === 'invalid_key') return [keyMistake(issue.issues[0], path)];
  if (!isWritten(checked.value, path)) return [missing(path)];
  if (issue.code === 'invalid_union' && issue.errors.length > 0) return unionMistakes(issue, path, checked);
  return [{ path, ...wordsFor(issue, path, checked) }];
}

function wordsFor(issue: Issue, path: Path, { schema, value }: Checked): Omit<Mistake, 'path'> {
  const written = valueAt(value, path);
  const words = inputWords(issue, { value: written, key: path.at(-1), path });
  const description = descriptionAt(schema, path, value);
  if (description === undefined) return words;
  const isPlain = typeof written === 'number' || typeof written === 'boolean';
  if (issue.code === 'invalid_type' && isPlain) return { ...words, hint: `write ${description}` };
  // zod speaks about the last alternative only, which is the expression.
  const isOther = issue.code === 'invalid_format' && issue.message.startsWith('not an expression');
  return isOther ? { ...words, hint: `write ${description}; or an expression` } : words;
}

/** What a text at this place is, in the words of its schema; expressions apart. */
function descriptionAt(schema: JsonObject, path: Path, value: Json): string | undefined {
  const words = schemasAt(schema, path, value).flatMap(({ type, description }) => (type === 'string' && typeof description === 'string' ? [description] : []));
  return words.find((description) => !description.startsWith('an expression'));
}

function missing(path: Path): Mistake {
  const key = String(path.at(-1) ?? '');
  return { code: 'MISSING_KEY', path: path.slice(0, -1), message: `"${key}" is missing`, hint: `add ${key}: …`, atKey: true };
}

function keyMistake(inner: Issue | undefined, path: Path): Mistake {
  const [message = '', hint] = (inner?.message ?? 'not allowed as a key').split('; ');
  return { code: 'BAD_KEY', path, atKey: true, message: `key "${String(path.at(-1) ?? '')}" is ${message}`, hint };
}

function unknownKeys(issue: KeysIssue, path: Path, { schema, value }: Checked): readonly Mistake[] {
  const known = keysAt(schema, path, value);
  return issue.keys.map((key) => ({
    code: 'UNKNOWN_KEY',
    path: [...path, key],
    atKey: true,
    message: `unknown key "${key}"`,
    hint: unknownKeyHint(key, known),
  }));
}

/** Speak about the alternative the person most likely meant. */
function unionMistakes(issue: UnionIssue, path: Path, checked: Checked): readonly Mistake[] {
  const branches = issue.errors.map((errors) => ({ errors, mistakes: errors.flatMap((inner) => mistakesOfIssue(inner, path, checked)) }));
  if (branches.some(({ mistakes }) => mistakes.length === 0)) return [];
  const sameType = branches.filter(({ errors }) => !errors.some((inner) => inner.path.length === 0 && inner.code === 'invalid_type'));
  if (sameType.length === 0) return [noBranch(issue, path, checked)];
  const isUnknown = (mistake: Mistake): boolean => mistake.code === 'UNKNOWN_KEY' && mistake.path.length === path.length + 1;
  const cost = (mistakes: readonly Mistake[]): number =>
    mistakes.reduce((sum, mistake) => sum + (isUnknown(mistake) ? 100 : mistake.path.length === path.length ? 10 : 1), 0);
  const [best] = sameType.toSorted((a, b) => cost(a.mistakes) - cost(b.mistakes));
  const unknown = best?.mistakes.filter(isUnknown) ?? [];
  // Every alternative has another key: the missing ones are noise beside the one that was misspelt.
  return unknown.length > 0 ? unknown : (best?.mistakes ?? []);
}

function noBranch(issue: UnionIssue, path: Path, { value }: Checked): Mistake {
  const expected = [
    ...new Set(
      issue.errors.flatMap((errors) =>
        errors.filter((inner) => inner.path.length === 0).flatMap((inner) => (inner.code === 'invalid_type' ? [inner.expected] : [])),
      ),
    ),
  ];
  const issueOfAll: Issue = { code: 'invalid_type', expected: expected[0] ?? 'string', path: [], message: '', input: undefined };
  return { path, ...inputWords(issueOfAll, { value: valueAt(value, path), key: path.at(-1), path }, expected) };
}
