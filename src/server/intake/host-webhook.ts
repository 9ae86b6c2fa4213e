import { z } from 'zod';
import { DELIVERIES } from '../../app/index.ts';
import { EXIT, type Json, SlipwayError } from '../../core/index.ts';
import type { Delivery } from '../../githost/index.ts';
import { refuseWhileDraining } from '../api/start.ts';
import type { ServerDeps } from '../deps.ts';
import { readBody } from '../http/body.ts';
import type { Limiter } from '../http/limiter.ts';
import { defineRoute, type Route } from '../http/route.ts';

/** Webhooks of Git hosts: verify, remember, answer; the work comes later. */
export function hostWebhookRoute(deps: ServerDeps, failures: Limiter): Route {
  return defineRoute({
    ...{ method: 'post', path: '/v1/hosts/{host}/webhook', id: 'hostWebhook', tag: 'triggers', open: 'signed' },
    summary: 'Webhooks of a Git host, signed as that host signs; acknowledged once they are durable',
    params: z.strictObject({ host: z.string().regex(/^[a-zA-Z][a-zA-Z0-9-]{0,62}$/, { error: 'not the name of a host' }) }),
    rawBody: { 'application/json': z.looseObject({}) },
    success: { status: 202, about: 'taken, and durable', schema: z.strictObject({ delivery: z.string(), event: z.string(), repeated: z.boolean() }) },
    problems: [404, 408, 413],
    handle: async ({ c, params }) => {
      refuseWhileDraining(deps);
      const body = await readBody(c);
      const host = deps.receivers.get(params.host);
      if (!host)
        throw new SlipwayError('HOST_NOT_FOUND', `there is no host "${params.host}"`, {
          exitCode: EXIT.notFound,
          hint: 'the settings of the server list hosts',
        });
      const key = `signature ${params.host} ${c.get('network')}`;
      failures.check(key);
      const delivery = received(
        () => host.receive({ headers: c.req.header(), body }),
        () => failures.take(key),
      );
      if (delivery.event.type === 'ping' || delivery.event.type === 'ignored')
        return { status: 202, body: { delivery: delivery.id, event: delivery.event.type, repeated: false } };
      // By what happened and not by the id of the delivery, which most hosts do not sign.
      const { fresh } = await deps.store.queues.enqueue(DELIVERIES, {
        id: `${params.host} ${delivery.cause}`,
        payload: asJson(delivery),
        orderKey: orderKeyOf(delivery),
      });
      deps.wake(DELIVERIES);
      return { status: 202, body: { delivery: delivery.id, event: delivery.event.type, repeated: !fresh } };
    },
  });
}

function received(receive: () => Delivery, count: () => void): Delivery {
  try {
    return receive();
  } catch (cause) {
    if (cause instanceof SlipwayError && cause.code.startsWith('SIGNATURE')) count();
    throw cause;
  }
}

/** Deliveries about one pull request, or about one repository, in the order in which they came. */
function orderKeyOf({ host, repo = '', event }: Delivery): string {
  return `${host} ${repo}${'number' in event ? `#${event.number}` : ''}`;
}

function asJson(delivery: Delivery): Json {
  return JSON.parse(JSON.stringify(delivery)) as Json; // what JSON.parse gives is JSON
}
