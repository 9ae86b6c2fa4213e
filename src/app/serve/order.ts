import { z } from 'zod';
import type { Identity } from '../../access/index.ts';
import { digestOf, EXIT, isObject, type Json, type JsonObject, SlipwayError } from '../../core/index.ts';
import type { Store } from '../../store/index.ts';

const Who = z.strictObject({
  id: z.string(),
  via: z.enum(['session', 'token', 'webhook', 'comment', 'schedule', 'command']),
  groups: z.array(z.string()).readonly().optional(),
  scopes: z
    .array(z.strictObject({ action: z.string(), runbook: z.string().exactOptional() }))
    .readonly()
    .optional(),
});
/** Why an order was not carried out. */
const Refusal = z.strictObject({
  code: z.string(),
  message: z.string(),
  hint: z.string().optional(),
  problems: z
    .array(z.strictObject({ path: z.string(), code: z.string(), message: z.string(), hint: z.string().optional() }))
    .readonly()
    .optional(),
});
export type Refusal = z.output<typeof Refusal>;

/** Something somebody has asked for, kept until it is done and after: a run, or a plan. It holds references to secrets, never secrets. */
export const Order = z.strictObject({
  /** Of the run or plan that it becomes. */
  id: z.string(),
  kind: z.enum(['run', 'plan']),
  repository: z.string(),
  runbook: z.string(),
  environments: z.array(z.string()).readonly(),
  inputs: z.custom<JsonObject>(isObject),
  /** References into the vault by input. */
  secrets: z.record(z.string(), z.string()).readonly(),
  who: Who,
  /** The person for whom a machine asked, as that machine says. */
  requestedBy: z.string().optional(),
  /** `webhook portal`, `event orders`, `api`, `portal`. */
  cause: z.string(),
  receivedAt: z.number(),
  /** A run of exactly this plan; of one that is made for it when absent. */
  planDigest: z.string().optional(),
  state: z.enum(['accepted', 'waiting', 'done', 'refused']),
  /** What it waits for. */
  reason: z.string().optional(),
  refusal: Refusal.optional(),
  /** Of a plan that was made. */
  made: z.strictObject({ digest: z.string(), decision: z.enum(['allow', 'softDeny', 'deny']) }).optional(),
});
export type Order = z.output<typeof Order>;

const ORDERS = 'orders';
const CAUSES = 'causes';
const Cause = z.strictObject({ id: z.string(), digest: z.string(), isLasting: z.boolean() });

/** The order with this id. */
export async function readOrder({ documents }: Store, id: string): Promise<Order | undefined> {
  const found = await documents.get(ORDERS, id);
  return found && Order.parse(found.value);
}

/** Keep an order, unless one of that id is kept already. */
export async function keepOrder({ documents }: Store, order: Order): Promise<void> {
  try {
    await documents.put(ORDERS, order.id, asJson(order), { ifVersion: 0 });
  } catch (cause) {
    if (!(cause instanceof SlipwayError) || cause.code !== 'STORE_CONFLICT') throw cause;
  }
}

/** Note how it went; an order that is over stays as it is. */
export async function settleOrder({ documents }: Store, id: string, change: Partial<Pick<Order, 'state' | 'reason' | 'refusal' | 'made'>>): Promise<void> {
  for (;;) {
    const found = await documents.get(ORDERS, id);
    if (!found) return;
    const { reason: _old, ...order } = Order.parse(found.value);
    if (order.state === 'done' || order.state === 'refused') return;
    try {
      await documents.put(ORDERS, id, asJson({ ...order, ...change }), { ifVersion: found.version });
      return;
    } catch (cause) {
      if (!(cause instanceof SlipwayError) || cause.code !== 'STORE_CONFLICT') throw cause;
    }
  }
}

/** What makes two requests one. */
export interface OrderKey {
  /** Whose keys these are: two senders may use the same one. */
  readonly scope: string;
  readonly key: string;
  /** Of what was asked for; the same key for something else is a mistake of the sender. */
  readonly about: Json;
  /** Nothing else tells a late copy from a new request, so that the key must never be forgotten. */
  readonly isLasting?: boolean;
}

/**
 * The id that a key stands for: the given one when the key is new, for ever after the same.
 *
 * @throws {SlipwayError} `IDEMPOTENCY_MISMATCH`.
 */
export async function idForKey({ documents }: Store, { scope, key, about, isLasting = false }: OrderKey, fresh: string): Promise<string> {
  const name = digestOf([scope, key]).slice('sha256:'.length);
  const digest = digestOf(about);
  for (;;) {
    const found = await documents.get(CAUSES, name);
    if (found) {
      const known = Cause.parse(found.value);
      if (known.digest === digest) return known.id;
      throw new SlipwayError('IDEMPOTENCY_MISMATCH', `the key "${key}" was used for something else`, {
        exitCode: EXIT.usage,
        hint: 'use a new key for a new request; the same key only repeats the same one',
      });
    }
    try {
      await documents.put(CAUSES, name, { id: fresh, digest, isLasting }, { ifVersion: 0 });
      return fresh;
    } catch (cause) {
      if (!(cause instanceof SlipwayError) || cause.code !== 'STORE_CONFLICT') throw cause; // somebody was faster: read what they wrote
    }
  }
}

/** Who asked, as the gate wants to know it. */
export function identityOf({ who }: Order): Identity {
  const { id, via, groups, scopes } = who;
  return { id, via, ...(groups ? { groups } : {}), ...(scopes ? { scopes } : {}) };
}

/** Leave out what is undefined: a document is JSON. */
function asJson(value: object): Json {
  return JSON.parse(JSON.stringify(value)) as Json; // what JSON.parse gives is JSON
}
