import { isArray, isObject, type Json, type JsonObject } from '../core/pure.ts';
import type { SealedValue } from './types.ts';

const MOST_DEPTH = 100;

/** Is the value the place holder of a secret? */
export function isSealed(value: Json | undefined): value is JsonObject & SealedValue {
  if (!isObject(value)) return false;
  return typeof value['$secret'] === 'string' || Array.isArray(value['$secretText']);
}

/** Is there the place holder of a secret anywhere in the value? Values nested deeper than 100 levels count as secret. */
export function holdsSealed(value: Json, depth = 0): boolean {
  if (value === null || typeof value !== 'object') return false;
  if (depth > MOST_DEPTH || isSealed(value)) return true;
  const children = isArray(value) ? value : Object.values(value);
  return children.some((child) => holdsSealed(child, depth + 1));
}

/** References of sealed secrets anywhere in the value. */
export function referencesOfSealed(value: Json): readonly string[] {
  if (value === null || typeof value !== 'object') return [];
  const children = (isArray(value) ? value : Object.values(value)).flatMap((child: Json) => referencesOfSealed(child));
  return isObject(value) && typeof value['$secret'] === 'string' ? [value['$secret'], ...children] : children;
}

/** The parts of text with secrets in it. */
export function sealedParts(value: SealedValue): readonly (string | { readonly $secret: string })[] {
  return '$secret' in value ? [{ $secret: value.$secret }] : value.$secretText;
}
