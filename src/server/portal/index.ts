import type { Hono } from 'hono';
import type { ServerDeps } from '../deps.ts';
import type { Ctx, Env } from '../http/env.ts';
import type { Authenticator } from '../login/authenticate.ts';
import { ICON, LIVE, STYLE } from './assets.ts';
import { addListPages } from './lists.ts';
import { createPages } from './pages.ts';
import { addPlanPages } from './plans.ts';
import { addRunbookPages } from './runbooks.ts';
import { addRunPages } from './runs.ts';
import { addSteering } from './steer.ts';

const ASSET_SECONDS = 300;

/** The portal: pages made on the server, which work without scripts. */
export function addPortal(app: Hono<Env>, deps: ServerDeps, authenticator: Authenticator): void {
  const pages = createPages(authenticator);
  app.get('/', (c) => c.redirect('/runbooks', 303));
  asset(app, '/assets/style.css', { type: 'text/css; charset=utf-8', text: STYLE });
  asset(app, '/assets/icon.svg', { type: 'image/svg+xml', text: ICON });
  asset(app, '/assets/live.js', { type: 'text/javascript; charset=utf-8', text: LIVE });
  addRunbookPages(app, deps, pages);
  addPlanPages(app, deps, pages);
  addRunPages(app, deps, pages);
  addSteering(app, deps, pages);
  addListPages(app, deps, pages);
}

/** Is a page the right answer, or data? */
export function wantsPage(c: Ctx): boolean {
  return !c.req.path.startsWith('/v1/') && (c.req.header('accept') ?? '').includes('text/html');
}

function asset(app: Hono<Env>, path: string, { type, text }: { readonly type: string; readonly text: string }): void {
  app.get(path, (c) => c.body(text, 200, { 'content-type': type, 'cache-control': `public, max-age=${ASSET_SECONDS}` }));
}
