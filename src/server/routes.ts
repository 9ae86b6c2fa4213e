import { z } from 'zod';
import { estateRoutes } from './api/estate.ts';
import { followRoute } from './api/follow.ts';
import { recordRoutes } from './api/records.ts';
import { recordOf, runRoutes } from './api/runs.ts';
import { startRoutes } from './api/start.ts';
import { steerRoutes } from './api/steer.ts';
import type { ServerDeps } from './deps.ts';
import type { Limiter } from './http/limiter.ts';
import type { Authenticate } from './http/register.ts';
import { defineRoute, type Route } from './http/route.ts';
import { hostWebhookRoute } from './intake/host-webhook.ts';
import { triggerRoute } from './intake/triggers.ts';
import { openApiOf } from './openapi.ts';

/** Everything below /v1; what is served and what is described is this list. */
export function apiRoutes(deps: ServerDeps, { failures, authenticate }: { readonly failures: Limiter; readonly authenticate: Authenticate }): readonly Route[] {
  const routes: Route[] = [
    triggerRoute(deps, { failures, authenticate }),
    hostWebhookRoute(deps, failures),
    ...estateRoutes(deps),
    ...startRoutes(deps),
    ...runRoutes(deps),
    followRoute(deps, authenticate),
    ...steerRoutes(deps),
    ...recordRoutes(deps),
  ];
  routes.push(openApiRoute(deps, () => routes));
  return routes;
}

function openApiRoute({ version, settings }: ServerDeps, routes: () => readonly Route[]): Route {
  return defineRoute({
    ...{ method: 'get', path: '/v1/openapi.json', id: 'getOpenApi', tag: 'api', open: 'anybody' },
    summary: 'This document',
    success: { status: 200, about: 'the document', schema: z.looseObject({ openapi: z.string() }) },
    handle: async () => ({ status: 200, body: openApiOf(routes(), { version, publicUrl: settings.publicUrl }) }),
  });
}

/** The document without a server, for `slipway schema openapi`: routes are stated without anything being asked of what they need. */
export function openApiDocument(version: string): ReturnType<typeof openApiOf> {
  // Handlers are never called: only the statements of the routes are read.
  const nothing = recordOf({}) as unknown as ServerDeps;
  const unused = { failures: { take: () => ({ limit: 0, remaining: 0, resetSeconds: 0 }), check: () => undefined }, authenticate: async () => undefined };
  return openApiOf(apiRoutes({ ...nothing, version, settings: { publicUrl: '' } as ServerDeps['settings'] }, unused), { version });
}
