import { createRequire } from 'node:module';
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { type Opa, runOpa } from './opa.ts';

const Builtins = z.array(z.looseObject({ name: z.string() }));
const Shipped = z.looseObject({ builtins: Builtins, wasm_abi_versions: z.array(z.looseObject({})) });
const Current = z.looseObject({ builtins: Builtins });

/**
 * What a policy may use: the builtins that the JavaScript SDK can evaluate, in this opa's own words. An unknown one then fails
 * when policies are compiled, not when they judge. No network, no clock: time comes as `input.now`.
 */
export async function capabilities(opa: Opa): Promise<string> {
  const file = createRequire(import.meta.url)
    .resolve('@open-policy-agent/opa-wasm')
    .replace(/src[/\\]index\.cjs$/, 'capabilities.json');
  const shipped = Shipped.parse(JSON.parse(await readFile(file, 'utf8')));
  const current = Current.parse(JSON.parse((await runOpa(opa, ['capabilities', '--current'])).stdout));
  const known = new Set([...shipped.builtins.map(({ name }) => name), 'regex.split']);
  const builtins = current.builtins.filter(({ name }) => known.has(name));
  return JSON.stringify({ builtins, features: ['rego_v1', 'keywords_in_refs'], wasm_abi_versions: shipped.wasm_abi_versions, allow_net: [] });
}
