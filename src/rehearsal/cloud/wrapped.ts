import { createHmac } from 'node:crypto';
import { canonicalJson, isObject, type Json, type JsonObject } from '../../core/index.ts';

/** How the engine marks special values on the wire (Pulumi's protocol, stable since 1.0). */
const SIGNATURE = '4dabf18193072939515e22adb298388d';
const SECRET = '1b47061264138c4ac30d75fd1eb44270';
const OUTPUT = 'd0e6a833031e9bbcd3f4e8bde6ca49a4';
const UNKNOWN = '04da6b54-80e4-46f7-96ec-b56ff0331ba9';

/** The value without the marks of secrets and outputs; what is not known yet stays the engine's sentinel. */
export function plain(value: Json): Json {
  if (Array.isArray(value)) return value.map(plain);
  if (!isObject(value)) return value;
  const mark = value[SIGNATURE];
  if (mark === SECRET || mark === OUTPUT) return plain(value['value'] ?? UNKNOWN);
  return mapValues(value, plain);
}

/** Does the value, at any depth, wait for something that is only known later? */
export function isUnknown(value: Json): boolean {
  return canonicalJson(plain(value)).includes(UNKNOWN);
}

/** The value as it may be written to disk: every secret becomes a keyed hash, which still tells whether it changed. */
export function sealed(value: Json, key: Buffer): Json {
  if (Array.isArray(value)) return value.map((item: Json) => sealed(item, key));
  if (!isObject(value)) return value;
  const isSecret = value[SIGNATURE] === SECRET || (value[SIGNATURE] === OUTPUT && value['secret'] === true);
  if (isSecret)
    return {
      $sealed: createHmac('sha256', key)
        .update(canonicalJson(plain(value)))
        .digest('hex'),
    };
  if (value[SIGNATURE] === OUTPUT) return sealed(value['value'] ?? null, key);
  return mapValues(value, (item) => sealed(item, key));
}

/** Is a hash of a secret somewhere inside? */
export function hasSeal(value: Json): boolean {
  if (Array.isArray(value)) return value.some(hasSeal);
  return isObject(value) && (typeof value['$sealed'] === 'string' || Object.values(value).some(hasSeal));
}

export function mapValues(value: JsonObject, map: (item: Json, key: string) => Json): JsonObject {
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, map(item, key)]));
}
