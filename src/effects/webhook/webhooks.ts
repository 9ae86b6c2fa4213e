import type { Clock, Secret } from '../../core/index.ts';
import type { Attempted, WebhooksPort } from '../../steps/index.ts';
import { post } from '../attempt.ts';
import { createHttp, type HttpOptions } from '../http/index.ts';
import { signed } from '../sign.ts';
import { createGuard, type Guard, type LookUp } from './guard.ts';

export interface WebhooksOptions {
  readonly endpoints: readonly { readonly name: string; readonly url: Secret; readonly secrets: readonly Secret[]; readonly events?: readonly string[] }[];
  /** Addresses and ranges beyond the public ones that may be sent to. */
  readonly allow: readonly string[];
  readonly clock: Clock;
  readonly lookUp?: LookUp;
  /** PEM certificates of authorities to trust instead of the machine's. */
  readonly ca?: HttpOptions['ca'];
}
type Endpoint = WebhooksOptions['endpoints'][number];

/**
 * Outbound webhooks, signed as Standard Webhooks says. An address is looked up and checked for every message, and the connection goes to what was checked; only
 * https, but for this machine where that is allowed; no redirect is followed.
 */
export function createWebhooks(options: WebhooksOptions): WebhooksPort {
  const guard = createGuard(options.allow, options.lookUp);
  const byName = new Map(options.endpoints.map((endpoint) => [endpoint.name, endpoint]));
  return {
    endpoints: options.endpoints.map(({ name, events }) => ({ name, ...(events ? { events } : {}) })),
    send: async (name, message, signal) => {
      const endpoint = byName.get(name);
      if (!endpoint) return { ok: false, code: 'WEBHOOK_UNKNOWN', message: `this process knows no endpoint "${name}"`, isFinal: false };
      return send(options, endpoint, { ...message, guard, signal });
    },
  };
}

interface Sending {
  readonly id: string;
  readonly body: string;
  readonly guard: Guard;
  readonly signal: AbortSignal;
}

async function send({ clock, ca }: WebhooksOptions, { url: secret, secrets }: Endpoint, { id, body, guard, signal }: Sending): Promise<Attempted> {
  const url = new URL(secret.reveal());
  const place = await guard.placeOf(url.hostname).catch((cause: unknown) => refusal(cause));
  if (typeof place !== 'string') return place;
  if (url.protocol !== 'https:' && !guard.allowsPlain(place)) return { ok: false, code: 'WEBHOOK_PLAIN', message: 'its address is not https', isFinal: true };
  using http = createHttp({ resolve: (_host, port) => ({ host: place, port }), maxSockets: 1, ...(ca === undefined ? {} : { ca }) });
  const keys = secrets.map((each) => each.reveal().replace(/^whsec_/, ''));
  const headers = { 'content-type': 'application/cloudevents+json; charset=utf-8', 'user-agent': 'slipway', ...signed({ id, now: clock.now(), body, keys }) };
  return await post(http, { url: url.href, body, headers }, signal);
}

function refusal(cause: unknown): Attempted {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'WEBHOOK_FORBIDDEN';
  const words = cause instanceof Error ? cause.message : 'it cannot be looked up';
  // A name may stand for something else tomorrow, and whoever runs it may allow it.
  return { ok: false, code, message: words, isFinal: false };
}
