import { z } from 'zod';
import { didYouMean, type Json, type Problem, Secret } from '../core/index.ts';
import { holdsSealed } from '../expr/index.ts';
import type { PlanInputs } from '../plan/index.ts';
import type { InputSchema } from '../runbook/index.ts';

/** Inputs ready for a plan; the text of secret ones stays out of it. */
export interface ReadyInputs {
  readonly inputs: PlanInputs;
  readonly secrets: { readonly [name: string]: Secret };
}
/** Values as given on a command line (text), in a file (JSON) or by a caller. */
export interface GivenInputs {
  readonly [name: string]: Json | Secret;
}
export interface InputRequest {
  readonly schemas: { readonly [name: string]: InputSchema };
  readonly given: GivenInputs;
  /** Values used for inputs that were not given, before the schema's own default. */
  readonly preset: { readonly [name: string]: Json };
  /** Text is text: whoever sends JSON says what is a number. */
  readonly isTyped?: boolean;
}

const LEAST_SECRET_LENGTH = 6;
const MOST_SHOWN = 200;

/**
 * Check inputs against their schemas; text given for a number, boolean, array or object is read as JSON.
 *
 * @returns what was wrong with each input, all at once; `file`, `line` and `column` point nowhere.
 */
export function readInputs({ schemas, given, preset, isTyped = false }: InputRequest): ReadyInputs | { readonly problems: readonly Problem[] } {
  const problems: Problem[] = [];
  const values: { [name: string]: Json } = {};
  const secrets: { [name: string]: Secret } = {};
  for (const name of Object.keys(given)) {
    if (!Object.hasOwn(schemas, name)) problems.push(unknownInput(name, Object.keys(schemas)));
  }
  for (const [name, schema] of Object.entries(schemas)) {
    const raw = own(given, name) ?? own(preset, name) ?? schema.default;
    if (raw === undefined) {
      problems.push(problem('MISSING_INPUT', name, `input "${name}" is needed and was not given`, `add --input ${name}=<${schema.type}>`));
    } else if (schema.secret === true) {
      const checked = checkSecret(name, raw);
      if (checked instanceof Secret) secrets[name] = checked;
      else problems.push(checked);
    } else if (raw instanceof Secret) {
      problems.push(problem('NOT_SECRET', name, `input "${name}" is not declared secret`, 'give it as plain text, or declare it with "secret: true"'));
    } else {
      const checked = checkValue(name, schema, isTyped || typeof raw !== 'string' || schema.type === 'string' ? raw : fromText(raw));
      if ('problems' in checked) problems.push(...checked.problems);
      else values[name] = checked.value;
    }
  }
  return problems.length > 0 ? { problems } : { inputs: { values, secrets: Object.keys(secrets).sort() }, secrets };
}

function own<T>(values: { readonly [name: string]: T }, name: string): T | undefined {
  return Object.hasOwn(values, name) ? values[name] : undefined;
}

function checkSecret(name: string, raw: Json | Secret): Secret | Problem {
  const secret = raw instanceof Secret ? raw : new Secret(typeof raw === 'string' ? raw : JSON.stringify(raw));
  if (secret.reveal().length >= LEAST_SECRET_LENGTH) return secret;
  return problem(
    'SHORT_SECRET',
    name,
    `secret input "${name}" has fewer than ${LEAST_SECRET_LENGTH} characters and could not be masked in output`,
    'use a longer secret',
  );
}

function checkValue(name: string, schema: InputSchema, value: Json): { readonly value: Json } | { readonly problems: readonly Problem[] } {
  if (holdsSealed(value))
    return {
      problems: [
        problem(
          'RESERVED_KEY',
          name,
          `input "${name}" holds a key that is reserved for sealed secrets`,
          'declare it with "secret: true", and give it with --secret',
        ),
      ],
    };
  const { secret: _secret, ...shape } = schema;
  // zod types JSON Schema more narrowly than the open shape a runbook may use; it validates what it does not know.
  const checked = z.fromJSONSchema(shape as Parameters<typeof z.fromJSONSchema>[0]).safeParse(value);
  if (checked.success) return { value: z.json().parse(checked.data) };
  const text = JSON.stringify(value);
  const shown = text.length > MOST_SHOWN ? `${text.slice(0, MOST_SHOWN)}…` : text;
  return {
    problems: checked.error.issues.map((issue) => {
      const at = [name, ...issue.path].join('.');
      return problem('BAD_INPUT', at, `input "${at}" is ${shown}: ${issue.message.charAt(0).toLowerCase()}${issue.message.slice(1)}`, hintOf(schema));
    }),
  };
}

function hintOf(schema: InputSchema): string {
  if (Array.isArray(schema.enum)) return `use one of ${schema.enum.map((option) => JSON.stringify(option)).join(', ')}`;
  return `the runbook declares it as ${schema.type}`;
}

function fromText(text: string): Json {
  try {
    return z.json().parse(JSON.parse(text));
  } catch {
    return text; // the schema then says what is wrong with the text itself
  }
}

function unknownInput(name: string, known: readonly string[]): Problem {
  const near = didYouMean(name, known);
  const hint = near ? `did you mean "${near}"?` : known.length > 0 ? `the runbook has the inputs ${known.join(', ')}` : 'the runbook has no inputs';
  return problem('UNKNOWN_INPUT', name, `there is no input "${name}"`, hint);
}

function problem(code: string, path: string, message: string, hint: string): Problem {
  return { code, severity: 'error', file: '(inputs)', line: 1, column: 1, path: `inputs.${path}`, message, hint };
}
