import { isObject, type Json, type JsonObject } from '../../../core/index.ts';
import { AWS } from './aws.ts';
import { AZURE } from './azure.ts';
import { isHidden } from './read.ts';
import type { Spec } from './spec.ts';

/** What the provider adds to every resource; from the configuration of the stack. */
export interface ProviderDefaults {
  readonly awsRegion?: string;
  readonly azureLocation?: string;
  readonly tags: { readonly [name: string]: string };
}

const FACTS = ['encrypted', 'kmsKey', 'tlsOnly', 'publicAccess', 'acl', 'ingress', 'deleteProtected', 'backupDays', 'size', 'count'] as const;

/**
 * The values of a resource that policies may read; docs/stack-facts.md is the allowlist. Nothing else leaves.
 *
 * @param inputs as the engine tells them: secrets are `[secret]`, unknown values are its sentinel; both are left out.
 */
export function factsOf(
  type: string,
  inputs: JsonObject,
  { isProtected, defaults }: { readonly isProtected: boolean; readonly defaults: ProviderDefaults },
): JsonObject {
  const spec = specOf(type);
  if (!spec) return {};
  const isAzure = type.startsWith('azure-native:');
  const facts: { [name: string]: Json } = {
    provider: isAzure ? 'azure' : (type.split(':')[0] ?? ''),
    taggable: spec.tags !== undefined,
    encryptable: spec.encrypted !== undefined,
    dataStore: spec.data === true,
  };
  if (spec.tags !== undefined) facts['tags'] = tagsOf(spec, inputs, isAzure ? {} : defaults.tags);
  const region = spec.region === true ? regionOf(inputs, isAzure, defaults) : undefined;
  if (region !== undefined) facts['region'] = region;
  for (const name of FACTS) {
    const value = spec[name]?.(inputs);
    if (value !== undefined && !isHidden(value as Json)) facts[name] = value as Json; // each fact is JSON by its type
  }
  if (isProtected && spec.data === true) facts['deleteProtected'] = true;
  return facts;
}

function specOf(type: string): Spec | undefined {
  return AWS[type] ?? AZURE[type.replace(/\/v\d+\w*:/, ':')];
}

function tagsOf(spec: Spec, inputs: JsonObject, defaults: ProviderDefaults['tags']): JsonObject {
  const own = typeof spec.tags === 'function' ? spec.tags(inputs) : inputs['tags'];
  const all = { ...defaults, ...(isObject(own) ? own : {}) };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => typeof value === 'string' && !isHidden(value)));
}

function regionOf(inputs: JsonObject, isAzure: boolean, { awsRegion, azureLocation }: ProviderDefaults): string | undefined {
  const own = inputs[isAzure ? 'location' : 'region'];
  const value = own ?? (isAzure ? azureLocation : awsRegion);
  if (typeof value !== 'string' || isHidden(value)) return undefined;
  return isAzure ? value.toLowerCase().replaceAll(' ', '') : value;
}
