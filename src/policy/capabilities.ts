import { createRequire } from 'node:module';
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { type Opa, runOpa } from './opa.ts';

const Builtins = z.array(z.looseObject({ name: z.string() }));
const Shipped = z.looseObject({ builtins: Builtins, wasm_abi_versions: z.array(z.looseObject({})) });
const Current = z.looseObject({ builtins: Builtins });

/** Compiled to WebAssembly by opa, or done by the SDK, though the SDK's list leaves them out. `print` is taken out when compiling. */
const ALSO = ['array.reverse', 'internal.print', 'object.keys', 'object.union_n', 'print', 'regex.split', 'strings.reverse'];
/** On the SDK's list, and yet it cannot do them, or Rego v1 no longer has them; chance has no place in a judgement anyway. */
const NOT = ['all', 'any', 'rand.intn', 're_match', 'set_diff', 'time.diff'];

/** The SDK's own list, a file of its package. */
export function sdkCapabilities(): string {
  return createRequire(import.meta.url)
    .resolve('@open-policy-agent/opa-wasm')
    .replace(/src[/\\]index\.cjs$/, 'capabilities.json');
}

/**
 * What a policy may use: the builtins that the JavaScript SDK can evaluate, in this opa's own words. An unknown one then fails
 * when policies are compiled, not when they judge. No network, no clock: time comes as `input.now`.
 */
export async function capabilities(opa: Opa): Promise<string> {
  const shipped = Shipped.parse(JSON.parse(await readFile(sdkCapabilities(), 'utf8')));
  const current = Current.parse(JSON.parse((await runOpa(opa, ['capabilities', '--current'])).stdout));
  const known = new Set([...shipped.builtins.map(({ name }) => name), ...ALSO].filter((name) => !NOT.includes(name)));
  const builtins = current.builtins.filter(({ name }) => known.has(name));
  return JSON.stringify({ builtins, features: ['rego_v1', 'keywords_in_refs'], wasm_abi_versions: shipped.wasm_abi_versions, allow_net: [] });
}
