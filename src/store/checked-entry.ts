import type { JsonObject } from '../core/index.ts';
import { checkedName, checkedText } from './checked.ts';
import type { AuditEntry } from './port.ts';

/** @throws {SlipwayError} `STORE_NAME`, `STORE_TOO_LARGE`; {TypeError} for a secret. */
export function checkedEntry({ actor, action, object, details = {} }: AuditEntry): Required<AuditEntry> {
  const stored = JSON.parse(checkedText(details)) as JsonObject; // what was asked for, without undefined members
  return { actor: checkedName('actor', actor), action: checkedName('action', action), object: checkedName('object', object), details: stored };
}
