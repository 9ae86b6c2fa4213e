import { isObject, type Json, type JsonObject } from '../../core/index.ts';
import type { World, WorldResource } from './world.ts';

/** How to change the cloud behind Pulumi's back. Without `change`, a tag is changed on the first resource that has tags. */
export interface DriftRequest {
  /** `<program>/<stack>`. */
  readonly stack: string;
  /** Part of the URN; the first resource of the stack when absent. */
  readonly urn?: string;
  readonly change?: 'delete' | { readonly [property: string]: Json };
}

/**
 * Change one resource of a stack directly in the world.
 *
 * @returns its URN; undefined when the stack has no such resource.
 */
export function drift(world: World, { stack, urn, change }: DriftRequest): string | undefined {
  const resources = world.all().filter((resource) => resource.stack === stack && (urn === undefined || resource.urn.includes(urn)));
  const ordered = [...resources].sort((a, b) => (a.urn < b.urn ? -1 : 1));
  const victim = ordered.find(hasTags) ?? ordered[0];
  if (!victim) return undefined;
  if (change === 'delete') world.remove(victim);
  else world.put({ ...victim, props: { ...victim.props, ...(change ?? retagged(victim)) } }, 'drift');
  return victim.urn;
}

function hasTags(resource: WorldResource): boolean {
  return isObject(resource.inputs['tags']);
}

function retagged({ props }: WorldResource): JsonObject {
  const tags = isObject(props['tags']) ? props['tags'] : {};
  return { tags: { ...tags, changedBy: 'somebody-in-the-console' } };
}
