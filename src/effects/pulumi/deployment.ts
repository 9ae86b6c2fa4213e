import { canonicalJson, type Digest, digestOf, isArray, isObject, type Json, type JsonObject, SlipwayError } from '../../core/index.ts';
import type { Deployment } from './protocol.ts';

const SIGNATURE = '4dabf18193072939515e22adb298388d';

/** The parts of a deployment that Slipway reads; an empty one when there is none yet. */
export function deploymentOf(deployment: Json | undefined): Deployment {
  const resources = listOf(member(deployment, 'resources'));
  const pending = listOf(member(deployment, 'pending_operations')).map((entry) => ({
    urn: textOf(member(entry['resource'], 'urn')),
    operation: textOf(entry['type']),
  }));
  const provider = member(deployment, 'secrets_providers');
  const secretsProviders = isObject(provider) ? { type: textOf(provider['type']), state: objectOf(provider['state']) } : undefined;
  return { resources, pending, secretsProviders };
}

/**
 * Digest of what is recorded about the resources: not of the manifest, whose time changes with every save, not of their
 * order, which changes with every run, and not of places in source files, which change with every checkout.
 */
export function digestOfState(resources: readonly JsonObject[]): Digest {
  return digestOf(resources.map((resource) => canonicalJson(settled(resource))).sort());
}

function settled({ sourcePosition: _position, stackTrace: _trace, ...resource }: JsonObject): JsonObject {
  const { dependencies, propertyDependencies } = resource;
  return {
    ...resource,
    ...(dependencies === undefined ? {} : { dependencies: sorted(dependencies) }),
    ...(isObject(propertyDependencies)
      ? { propertyDependencies: Object.fromEntries(Object.entries(propertyDependencies).map(([key, urns]) => [key, sorted(urns)])) }
      : {}),
  };
}

function sorted(urns: Json): Json {
  return isArray(urns) ? urns.map(textOf).sort() : urns;
}

/** Outputs of the stack as recorded; a secret one is still encrypted. */
export function recordedOutputs(resources: readonly JsonObject[]): JsonObject {
  const root = resources.find((resource) => resource['type'] === 'pulumi:pulumi:Stack');
  return objectOf(root?.['outputs']);
}

/** Resources of the clouds, without Pulumi's own entries. */
export function countResources(resources: readonly JsonObject[]): number {
  return resources.filter((resource) => !isInternal(textOf(resource['type']))).length;
}

/** The stack itself and the providers are bookkeeping. */
export function isInternal(type: string): boolean {
  return type === 'pulumi:pulumi:Stack' || type.startsWith('pulumi:providers:');
}

/** Is a secret, encrypted or not, anywhere inside? */
export function hasSecret(value: Json): boolean {
  if (isArray(value)) return value.some(hasSecret);
  return isObject(value) && (SIGNATURE in value || Object.values(value).some(hasSecret));
}

/** @throws {SlipwayError} `PULUMI_STATE`. */
export function parseJson(text: string): Json {
  try {
    return JSON.parse(text) as Json; // JSON.parse makes nothing else
  } catch (cause) {
    throw new SlipwayError('PULUMI_STATE', 'the recorded state is not JSON', { cause });
  }
}
/** A member of an object, or nothing. */
export function member(value: Json | undefined, key: string): Json | undefined {
  return isObject(value) ? value[key] : undefined;
}
function listOf(value: Json | undefined): readonly JsonObject[] {
  return value !== undefined && isArray(value) ? value.filter(isObject) : [];
}
function objectOf(value: Json | undefined): JsonObject {
  return isObject(value) ? value : {};
}
/** The text, or nothing. */
export function textOf(value: Json | undefined): string {
  return typeof value === 'string' ? value : '';
}
