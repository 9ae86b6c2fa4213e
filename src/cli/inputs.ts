import { readFile } from 'node:fs/promises';
import { EXIT, isObject, type Json, messageOf, PATTERN, Secret, SlipwayError } from '../core/index.ts';
import type { Args } from './args.ts';
import type { Context, Option } from './types.ts';

/** Options of every command that takes inputs of a runbook. */
export const INPUT_OPTIONS = {
  input: { about: 'name=value; text for the runbook to read by its type', type: 'text', many: true },
  inputs: { about: 'JSON file with inputs; --input wins', type: 'text' },
  secret: { about: 'name=env:VARIABLE, name=file:PATH or name=- (standard input): a value that nobody sees', type: 'text', many: true },
} as const satisfies { readonly [name: string]: Option };

type Inputs = { readonly [name: string]: Json | Secret };

/** Inputs of a runbook from the options above. Text stays text: the runbook knows the types. */
export async function readInputs(args: Args, context: Context): Promise<Inputs> {
  const file = args.text('inputs');
  const pairs = args.all('input').map((pair) => split('--input', pair));
  return { ...(file === undefined ? {} : await readFileInputs(file)), ...Object.fromEntries(pairs), ...(await readSecrets(args, context)) };
}

/** Only the secrets, for a plan that has its other inputs already. */
export async function readSecrets(args: Args, context: Context): Promise<{ readonly [name: string]: Secret }> {
  const found: Record<string, Secret> = {};
  for (const pair of args.all('secret')) {
    const [name, from] = split('--secret', pair);
    const secret = await secretFrom(name, from, context);
    context.masker.add(secret);
    found[name] = secret;
  }
  return found;
}

function split(option: string, pair: string): readonly [string, string] {
  const at = pair.indexOf('=');
  const name = pair.slice(0, at);
  // The whole pair may hold a secret that was put in the wrong place, and so it is not repeated.
  if (at < 1 || !PATTERN.id.test(name)) {
    throw usage('BAD_INPUT', `${option} ${at < 1 ? 'has no "="' : `names "${name}", which is not the name of an input`}`, `write ${option} name=value`);
  }
  return [name, pair.slice(at + 1)];
}

async function readFileInputs(file: string): Promise<Inputs> {
  try {
    const value = JSON.parse(await readFile(file, 'utf8')) as Json; // what JSON.parse gives is JSON
    if (isObject(value)) return value;
  } catch (cause) {
    throw usage('BAD_INPUTS_FILE', `cannot read inputs from ${file}: ${messageOf(cause)}`, 'the file must hold one JSON object', cause);
  }
  throw usage('BAD_INPUTS_FILE', `${file} does not hold an object`, 'write {"name": value, …}');
}

async function secretFrom(name: string, from: string, context: Context): Promise<Secret> {
  if (from === '-') return new Secret((await context.deps.stdin()).replace(/\r?\n$/, ''));
  if (from.startsWith('env:')) {
    const secret = context.settings.secretNamed(from.slice(4));
    if (secret !== undefined) return secret;
    throw usage('MISSING_SECRET', `the variable ${from.slice(4)} for secret input "${name}" is not set`, 'set it, or use file:PATH');
  }
  if (!from.startsWith('file:')) throw usage('BAD_SECRET', `--secret ${name}= does not say where the value is`, 'write env:VARIABLE, file:PATH or -');
  try {
    return new Secret((await readFile(from.slice(5), 'utf8')).replace(/\r?\n$/, ''));
  } catch (cause) {
    throw usage('MISSING_SECRET', `cannot read secret input "${name}" from ${from.slice(5)}: ${messageOf(cause)}`, 'check the path', cause);
  }
}

function usage(code: string, message: string, hint: string, cause?: unknown): SlipwayError {
  return new SlipwayError(code, message, { hint, exitCode: EXIT.usage, ...(cause === undefined ? {} : { cause }) });
}
