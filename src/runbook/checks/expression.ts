import type { JsonObject } from '../../core/index.ts';
import {
  describeType,
  type ExprType,
  holdsSecret,
  parseTemplate,
  type Reference,
  referencesOf,
  type TypeScope,
  typeOf,
  typeOfJsonSchema,
} from '../../expr/index.ts';
import type { Path } from '../path.ts';
import type { Mistake } from '../report.ts';

/** What a place takes: a type, or the schemas of a setting. */
export type Expects = { readonly type: ExprType } | { readonly schemas: readonly JsonObject[]; readonly root: JsonObject };

/** An expression, or text with expressions, at its place. */
export interface Place {
  readonly path: Path;
  readonly text: string;
  readonly scope: TypeScope;
  readonly expects: Expects;
  /** What is wrong with reading this name here, when something is. */
  readonly forbids: (reference: Reference) => { readonly code: string; readonly message: string; readonly hint: string } | undefined;
}

const ELSEWHERE: Readonly<Record<string, string>> = {
  item: 'it exists only in a step with "foreach", and in its "compensate"',
  index: 'it exists only in a step with "foreach", and in its "compensate"',
  host: 'it exists only in "changedWhen" and "failedWhen"; all else is evaluated once for all hosts of a step',
  hosts: 'what a step gave on each host is in ${{ steps.<id>.outputs.hosts }}',
  result: 'it exists only in "changedWhen" and "failedWhen"',
  steps: 'only inputs, the runbook and the environment are known before the run',
  run: 'only inputs, the runbook and the environment are known before the run',
  inputs: 'only result and host.name are known when a result is judged; use "if" to decide by inputs',
  runbook: 'only result and host.name are known when a result is judged',
  environment: 'only result and host.name are known when a result is judged',
  secrets: 'declare an input with "secret: true" and read it with ${{ inputs.<name> }}',
  env: 'the environment of Slipway cannot be read; declare an input',
  vars: 'read ${{ environment.vars.<name> }}, or ${{ host.vars.<name> }} on hosts',
  github: 'runbooks know no GitHub context; declare an input',
  matrix: 'use "foreach" and ${{ item }}',
  needs: 'read ${{ steps.<id>.outputs.<name> }}',
};

/** Check one place: syntax, names, types, secrets, and what the place takes. */
export function checkExpression(place: Place, report: (mistake: Mistake) => void): void {
  const { path, text } = place;
  const at = (code: string, offset: number, words: { readonly message: string; readonly hint?: string | undefined }): void =>
    report({ code, path, message: words.message, hint: words.hint, within: { text, offset } });
  const parsed = parseTemplate(text);
  if (!parsed.ok) {
    for (const problem of parsed.problems) at('EXPRESSION_SYNTAX', problem.offset, { message: `in the expression: ${problem.message}`, hint: problem.hint });
    return;
  }
  const { type, problems, references } = typeOf(parsed.template, withElsewhere(place.scope, referencesOf(text).names));
  for (const problem of problems) at('EXPRESSION', problem.offset, problem);
  const forbidden = references.flatMap((reference) => {
    const words = elsewhere(reference, place.scope) ?? place.forbids(reference);
    return words ? [{ ...words, offset: reference.offset }] : [];
  });
  for (const { code, offset, ...words } of forbidden) at(code, offset, words);
  if (problems.length > 0 || forbidden.length > 0) return;
  const mismatch = mismatchOf(type, place.expects, path);
  if (mismatch) at(mismatch.code, Math.max(0, text.indexOf('${{')), mismatch);
}

/** Names that exist elsewhere are reported in better words than "unknown"; only those that are read, so that no other is suggested. */
function withElsewhere(scope: TypeScope, names: readonly string[]): TypeScope {
  const missing = names.filter((name) => Object.hasOwn(ELSEWHERE, name) && !Object.hasOwn(scope, name));
  return { ...Object.fromEntries(missing.map((name) => [name, { type: 'any' } as const])), ...scope };
}

function elsewhere({ name }: Reference, scope: TypeScope): { code: string; message: string; hint: string } | undefined {
  const hint = Object.hasOwn(scope, name) || !Object.hasOwn(ELSEWHERE, name) ? undefined : ELSEWHERE[name];
  return hint === undefined ? undefined : { code: 'NAME_NOT_HERE', message: `"${name}" is not known here`, hint };
}

function mismatchOf(type: ExprType, expects: Expects, path: Path): { code: string; message: string; hint?: string } | undefined {
  const what = typeof path.at(-1) === 'number' ? `entry ${Number(path.at(-1)) + 1}` : `"${String(path.at(-1))}"`;
  const schemas = 'schemas' in expects ? expects.schemas : [];
  if (schemas.some((schema) => schema['slipwayShell'] === true)) {
    return {
      code: 'SHELL_EXPRESSION',
      message: `${what} is shell text, and values never become part of it`,
      hint: 'pass the value with env: {NAME: ${{ … }}} and write "$NAME" in the shell text',
    };
  }
  const fixed = schemas.map((schema) => schema['slipwayFixed']).find((hint) => typeof hint === 'string');
  if (fixed !== undefined) return { code: 'FIXED_EXPRESSION', message: `${what} is asked as it was reviewed, and values never become part of it`, hint: fixed };
  if (holdsSecret(type) && !schemas.some((schema) => schema['slipwaySecret'] === true)) {
    return {
      code: 'SECRET_NOT_ALLOWED',
      message: `${what} cannot take a secret`,
      hint: 'pass it through env of a command, or to a setting that is made for secrets',
    };
  }
  const wanted = 'type' in expects ? [expects.type] : schemas.map((schema) => typeOfJsonSchema(schema, expects.root));
  if (wanted.length === 0 || wanted.some((one) => accepts(one, type))) return undefined;
  const names = [...new Set(wanted.map(describeType))].join(' or ');
  const message = `${what} must be ${names}, and this expression gives ${describeType(type)}`;
  return { code: 'EXPRESSION_TYPE', message, hint: conversionTo(wanted) };
}

function conversionTo(wanted: readonly ExprType[]): string {
  const types = wanted.map(({ type }) => type);
  if (types.includes('boolean')) return 'compare it: ${{ inputs.size == "l" }}';
  if (types.includes('number')) return 'convert it: ${{ number(…) }}';
  if (types.includes('string')) return 'make text of it: ${{ string(…) }}, or write text around it';
  return types.includes('array') ? 'give it a list, for example ${{ ["a", "b"] }}' : 'give it an object, for example an input of type object';
}

function accepts(wanted: ExprType, given: ExprType): boolean {
  if (wanted.type === 'any' || given.type === 'any' || given.type === 'null') return true;
  if (wanted.type === 'array' && given.type === 'array') return accepts(wanted.items, given.items);
  return wanted.type === given.type;
}
