import { z } from 'zod';
import { didYouMean, isArray, isObject, type Json, type JsonObject, type Parsed } from '../../core/index.ts';
import type { Path } from '../path.ts';
import { shown } from '../shape/words.ts';
import { type Context, suggest } from './context.ts';

const KEYWORDS = [
  'type',
  'title',
  'description',
  'default',
  'examples',
  'secret',
  'enum',
  'const',
  'minimum',
  'maximum',
  'exclusiveMinimum',
  'exclusiveMaximum',
  'multipleOf',
  'minLength',
  'maxLength',
  'pattern',
  'format',
  'items',
  'minItems',
  'maxItems',
  'uniqueItems',
  'properties',
  'required',
  'additionalProperties',
];

/** Inputs say what they mean: known JSON Schema words, defaults that fit, and no secret in the file. */
export function checkInputs(context: Context): void {
  const { inputs, rehearsal } = context.document;
  if (!isObject(inputs)) return;
  for (const [name, schema] of Object.entries(inputs)) {
    if (isObject(schema)) checkInput(context, schema, ['inputs', name]);
  }
  const given = isObject(rehearsal) ? rehearsal['inputs'] : undefined;
  if (!isObject(given)) return;
  for (const [name, value] of Object.entries(given)) checkRehearsal(context, inputs, { name, value });
}

function checkInput(context: Context, schema: JsonObject, path: Path): void {
  for (const key of Object.keys(schema)) {
    if (KEYWORDS.includes(key)) continue;
    const near = didYouMean(key, KEYWORDS);
    const hint = near === undefined ? `known here: ${KEYWORDS.join(', ')}` : `did you mean "${near}"?`;
    context.report({ code: 'UNKNOWN_KEY', path: [...path, key], atKey: true, message: `unknown key "${key}"`, hint });
  }
  if (schema['default'] === undefined) return;
  const at = [...path, 'default'];
  if (schema['secret'] === true) {
    context.report({
      code: 'SECRET_LITERAL',
      path: at,
      message: `secret input "${String(path.at(-1))}" has its value in the file`,
      hint: 'remove the default; the value is given when the run starts, and never written down',
    });
  } else {
    const wrong = misfit(schema, schema['default']);
    if (wrong !== undefined)
      context.report({
        code: 'BAD_DEFAULT',
        path: at,
        message: `default ${shown(schema['default'])} does not fit the input: ${wrong}`,
        hint: 'change the default or the input',
      });
  }
}

function checkRehearsal(context: Context, inputs: JsonObject, { name, value }: { readonly name: string; readonly value: Json }): void {
  const path = ['rehearsal', 'inputs', name];
  const schema = inputs[name];
  if (!isObject(schema)) {
    context.report({ code: 'UNKNOWN_INPUT', path, atKey: true, message: `there is no input "${name}"`, hint: suggest(name, Object.keys(inputs), 'input') });
    return;
  }
  const wrong = schema['secret'] === true ? undefined : misfit(schema, value);
  if (wrong !== undefined)
    context.report({ code: 'BAD_INPUT', path, message: `${shown(value)} does not fit input "${name}": ${wrong}`, hint: 'change the value' });
}

const readers = new WeakMap<JsonObject, Parsed<z.ZodType> | undefined>();

/** Why a value does not fit the JSON Schema of an input, in plain words; undefined when it fits. */
export function misfit(schema: JsonObject, value: Json): string | undefined {
  const { secret: _secret, default: _default, ...shape } = schema;
  const known = readers.get(schema) ?? readerOf(shape);
  readers.set(schema, known);
  if (!known.ok) return undefined; // the schema itself is reported as such
  const parsed = known.value.safeParse(value);
  const [issue] = parsed.error?.issues ?? [];
  return issue && wordsOf(issue, shape);
}

function readerOf(shape: JsonObject): Parsed<z.ZodType> {
  try {
    // zod types JSON Schema more narrowly than the open shape an input may have.
    return { ok: true, value: z.fromJSONSchema(shape as Parameters<typeof z.fromJSONSchema>[0]), problems: [] };
  } catch {
    return { ok: false, problems: [] }; // a schema that zod cannot read is left to the moment the value is given
  }
}

function wordsOf(issue: z.core.$ZodIssue, shape: JsonObject): string {
  const at = issue.path.length === 0 ? '' : `at ${issue.path.join('.')} `;
  const options = shape['enum'];
  if (issue.code === 'invalid_value' || (options !== undefined && isArray(options) && issue.path.length === 0)) {
    return `${at}one of ${(options !== undefined && isArray(options) ? options : []).map((option) => shown(option)).join(', ')} is expected`;
  }
  if (issue.code === 'invalid_type') return `${at}${issue.expected} is expected`;
  if (issue.code === 'too_small') return `${at}the least is ${String(issue.minimum)}`;
  if (issue.code === 'too_big') return `${at}the most is ${String(issue.maximum)}`;
  return `${at}it has the wrong form`;
}
