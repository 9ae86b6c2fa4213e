import { digestOf, EXIT, isObject, type JsonObject, SlipwayError } from '../core/index.ts';
import type { PlanBody, PlanBundle } from './types.ts';

/** Plain JSON of a plain value: members that are not set go, so that the digest of what is read back is the same. */
export function toJson(value: object): JsonObject {
  return JSON.parse(JSON.stringify(value)) as JsonObject; // an object of JSON values gives a JSON object
}

/** Bind a plan by the digest of its canonical form. */
export function sealPlan(body: PlanBody): PlanBundle {
  return { version: 1, digest: digestOf(toJson(body)), body };
}

/**
 * Check that a bundle, for example read from a file, is whole.
 *
 * @throws {SlipwayError} `PLAN_UNREADABLE` when it is no plan or from another version, `PLAN_TAMPERED` when its body does not have
 * the digest it claims.
 */
export function verifyPlan(bundle: unknown): PlanBundle {
  if (!isPlan(bundle)) {
    throw new SlipwayError('PLAN_UNREADABLE', 'this is not a plan of version 1', {
      hint: 'make a plan with "slipway plan --out <file>"',
      exitCode: EXIT.usage,
    });
  }
  const digest = digestOf(toJson(bundle.body));
  if (digest !== bundle.digest) {
    throw new SlipwayError('PLAN_TAMPERED', `the plan claims ${bundle.digest} and its content has ${digest}`, {
      hint: 'somebody or something changed the plan after it was made; plan again',
      exitCode: EXIT.stalePlan,
    });
  }
  return bundle;
}

const BODY = ['runbook', 'commit', 'inputs', 'graph', 'previews', 'stacks', 'policies', 'tools', 'verdict'] as const;

/** Only the outline: a body with the right digest was made by us or is refused. */
function isPlan(value: unknown): value is PlanBundle {
  if (!isObject(value) || value['version'] !== 1 || typeof value['digest'] !== 'string') return false;
  const body = value['body'];
  return isObject(body) && typeof body['expires'] === 'string' && BODY.every((member) => isObject(body[member]));
}
