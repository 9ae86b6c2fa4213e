import assert from 'node:assert/strict';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { openTemporal } from '../../src/engine/temporal/index.ts';
import { startServer } from './server.ts';

/** A process that lives on while the server is away. */
test('whoever could not reach the server reaches it once it is there, and says meanwhile that nobody answers', { timeout: 120_000 }, async () => {
  await using server = await startServer(process.env['SLIPWAY_TEMPORAL'] ?? '');
  await server.kill();
  const settings = { address: server.address, namespace: 'default', queue: 'reach' };
  await using engine = openTemporal({ settings, cacheDir: join(tmpdir(), 'slipway-test-workflows'), kinds: [] });
  for (const _time of ['once', 'again']) await assert.rejects(engine.hasWorker(), { code: 'ENGINE_UNREACHABLE', retry: 'afterBackoff' });
  await server.restart();
  assert.equal(await engine.hasWorker(), false);
  await server.kill();
  await assert.rejects(engine.hasWorker(), { code: 'ENGINE_UNREACHABLE' }, 'who was connected hears it in the same words');
});
