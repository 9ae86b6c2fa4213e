import { createHash } from 'node:crypto';
import { SlipwayError } from '../../core/index.ts';
import { verifyHexHeaders, verifyStandardWebhook } from '../../githost/index.ts';
import type { Ctx } from '../http/env.ts';
import type { Limiter } from '../http/limiter.ts';
import type { ReadyTrigger } from '../settings/index.ts';

/** What a signature proves. */
export interface Signed {
  /** Of the delivery, and signed with it: a replay cannot carry another one. */
  readonly id: string;
  /** Are headers beside the three of Standard Webhooks signed? Never; whoever needs them needs another proof. */
  readonly scheme: ReadyTrigger['scheme'];
}

/**
 * Verify a request over its raw bytes, in constant time, with every secret of the sender. Wrong ones count against the address and the trigger they came for.
 *
 * @throws {SlipwayError} `SIGNATURE_MISSING`, `SIGNATURE_INVALID`, `SIGNATURE_STALE`, `DELIVERY_MALFORMED`, `RATE_LIMITED`.
 */
export function verifyTrigger(
  c: Ctx,
  body: Uint8Array,
  { trigger, now, failures }: { readonly trigger: ReadyTrigger; readonly now: number; readonly failures: Limiter },
): Signed {
  const key = `signature ${trigger.id} ${c.get('network')}`;
  failures.check(key);
  try {
    return verify(c.req.header(), body, trigger, now);
  } catch (cause) {
    if (cause instanceof SlipwayError && cause.code.startsWith('SIGNATURE')) failures.take(key);
    throw cause;
  }
}

function verify(headers: { readonly [name: string]: string }, body: Uint8Array, { scheme, secrets }: ReadyTrigger, now: number): Signed {
  if (scheme === 'standardWebhooks') return { id: verifyStandardWebhook(headers, body, { keys: { secrets }, now }).id, scheme };
  verifyHexHeaders(headers, body, { accepted: [{ name: 'x-hub-signature-256', prefix: 'sha256=' }], secrets });
  // This scheme signs the body alone, so that only the body can tell one delivery from another.
  return { id: createHash('sha256').update(body).digest('hex'), scheme };
}
