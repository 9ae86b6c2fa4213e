import type { Hono } from 'hono';
import { messageOf } from '../core/index.ts';
import type { ServerDeps } from './deps.ts';
import type { Env } from './http/env.ts';

const LONGEST_MS = 5_000;

/** `/healthz`: the process lives. `/readyz`: it can take work; a proxy sends nothing here while it cannot. */
export function addHealth(app: Hono<Env>, deps: ServerDeps): void {
  app.get('/healthz', (c) => c.json({ status: 'ok' }));
  app.get('/readyz', async (c) => {
    const checks = await Promise.all([
      check('draining', async () => {
        if (deps.drain.aborted) throw new Error('this process is about to go');
      }),
      check('store', async () => deps.store.documents.get('health', 'probe')),
      check('repositories', async () => Promise.all(deps.heads.names.map((name) => deps.heads.recent(name)))),
    ]);
    for (const { name, ok, why } of checks) if (!ok) deps.log.warn({ check: name, why }, 'not ready');
    // What is wrong is for the log: anybody may ask this.
    const isReady = checks.every(({ ok }) => ok);
    return c.json({ status: isReady ? 'ready' : 'not ready', checks: checks.map(({ name, ok }) => ({ name, ok })) }, isReady ? 200 : 503);
  });
}

async function check(name: string, look: () => Promise<unknown>): Promise<{ readonly name: string; readonly ok: boolean; readonly why?: string }> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error(`no answer within ${LONGEST_MS} ms`)), LONGEST_MS);
  try {
    await Promise.race([look(), late.promise]);
    return { name, ok: true };
  } catch (cause) {
    return { name, ok: false, why: messageOf(cause) };
  } finally {
    clearTimeout(timer);
  }
}
