import { isArray, isObject, type Json, type JsonObject, type Masker, RESERVED_KEYS, Secret, SlipwayError } from '../../core/index.ts';
import type { Outputs } from '../../steps/index.ts';

/** The vault of a run, as far as the executor needs it. */
export interface Vault {
  seal(runId: string, secret: Secret): Promise<string>;
  unseal(reference: string): Promise<Secret>;
}

/** A value whose sealed references have become secrets. */
export type Opened = null | boolean | number | string | Secret | readonly Opened[] | { readonly [key: string]: Opened };

/** Open every sealed reference, and tell the masker before anybody can print it. */
export async function unsealDeep(value: Json, vault: Vault, masker: Masker): Promise<Opened> {
  if (isArray(value)) return Promise.all(value.map((item) => unsealDeep(item, vault, masker)));
  if (!isObject(value)) return value;
  const secret = await sealedIn(value, vault);
  if (secret) {
    masker.add(secret);
    return secret;
  }
  const members = Object.entries(value).map(async ([key, child]) => [key, await unsealDeep(child, vault, masker)] as const);
  return Object.fromEntries(await Promise.all(members));
}

async function sealedIn(value: JsonObject, vault: Vault): Promise<Secret | undefined> {
  const reference = value['$secret'];
  if (typeof reference === 'string') return vault.unseal(reference);
  const parts = value['$secretText'];
  if (!Array.isArray(parts)) return undefined;
  const texts = (parts as readonly Json[]).map(async (part) => {
    if (typeof part === 'string') return part;
    const inner = isObject(part) ? await sealedIn(part, vault) : undefined;
    return inner?.reveal() ?? '';
  });
  return new Secret((await Promise.all(texts)).join(''));
}

/**
 * What comes from outside may not look like a reference to what the journal keeps: whoever knows one could have it opened.
 *
 * @throws {SlipwayError} `RESERVED_KEY`.
 */
export function refuseReserved(value: object): void {
  const key = RESERVED_KEYS.find((reserved) => Object.hasOwn(value, reserved));
  if (key === undefined) return;
  throw new SlipwayError('RESERVED_KEY', `a value from outside has the key "${key}", which stands for what the journal keeps`, {
    hint: 'have whoever gives the value rename the key',
  });
}

/** Replace every secret by a sealed reference, so that what is left may be stored. */
export async function sealDeep(outputs: Outputs, runId: string, { vault, masker }: { readonly vault: Vault; readonly masker: Masker }): Promise<JsonObject> {
  const walk = async (value: Outputs[string]): Promise<Json> => {
    if (value instanceof Secret) {
      masker.add(value);
      return { $secret: await vault.seal(runId, value) };
    }
    if (value === null || typeof value !== 'object') return typeof value === 'string' ? masker.mask(value) : value;
    if (Array.isArray(value)) return Promise.all((value as readonly Outputs[string][]).map(walk));
    refuseReserved(value);
    return walkMembers(value as Outputs);
  };
  const walkMembers = async (members: Outputs): Promise<JsonObject> => {
    const walked = Object.entries(members).map(async ([key, child]) => [key, await walk(child)] as const);
    return Object.fromEntries(await Promise.all(walked));
  };
  return walkMembers(outputs);
}
