import assert from 'node:assert/strict';
import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { loadConfig } from '../../src/config/index.ts';
import { createMasker } from '../../src/core/index.ts';
import { buildInventory } from '../../src/inventory/index.ts';
import { openWiring } from '../../src/wire.ts';
import { pulumiEnvironment } from '../../src/world/build.ts';

const CANARY = 'canary-of-the-cloud-credentials';

async function place(): Promise<{ readonly dir: string; readonly config: Extract<ReturnType<typeof loadConfig>, { ok: true }>['value'] } & AsyncDisposable> {
  const dir = mkdtempSync(join(tmpdir(), 'slipway-guarded-'));
  const env = { PATH: process.env['PATH'], HOME: process.env['HOME'], SLIPWAY_HOME: join(dir, 'state'), SLIPWAY_ACTOR: 'user:test' };
  const config = loadConfig(
    { ...env, AWS_SECRET_ACCESS_KEY: CANARY, ARM_CLIENT_SECRET: CANARY, FORGE_TOKEN: CANARY, SLIPWAY_PREVIEW_AWS_ACCESS_KEY_ID: 'looks-only' },
    dir,
  );
  assert.ok(config.ok, JSON.stringify(config.problems));
  return { dir, config: config.value, [Symbol.asyncDispose]: () => rm(dir, { recursive: true, force: true }) };
}

test('previews of changes get the credentials that are meant for them, and no others', async () => {
  await using here = await place();
  const { config } = here;
  const guarded = pulumiEnvironment(config, config.children.guardedClouds);
  assert.equal(guarded['AWS_ACCESS_KEY_ID'], 'looks-only');
  assert.ok(!JSON.stringify(guarded).includes(CANARY), Object.keys(guarded).join(' '));
  const real = pulumiEnvironment(config);
  assert.deepEqual([real['AWS_SECRET_ACCESS_KEY'], real['AWS_ACCESS_KEY_ID'], real['FORGE_TOKEN']], [CANARY, undefined, undefined]);
});

test('the guarded world changes nothing and reaches nothing', async () => {
  await using here = await place();
  const { dir, config } = here;
  const wiring = openWiring(config);
  try {
    const inventory = buildInventory([]);
    assert.ok(inventory.ok);
    const signal = new AbortController().signal;
    const policies = await wiring.loadPolicies(wiring.shippedPolicies, signal);
    const masker = createMasker();
    const request = { checkout: dir, inventory: inventory.value, masker, policies, signal, notice: () => undefined, runId: 'plan-x', isGuarded: true };
    await using world = await wiring.openWorld(request);
    const calls = {
      ssh: ['exec', 'terminal', 'read', 'write'],
      http: ['request'],
      tcp: ['connect'],
      notify: ['send'],
      metrics: ['latest', 'history'],
      pulumi: ['up', 'refresh', 'destroy', 'import'],
    } as const;
    for (const [port, names] of Object.entries(calls)) {
      const object: object = Reflect.get(world.ports, port);
      for (const name of names) await assert.rejects(async () => Reflect.apply(Reflect.get(object, name), object, []), { code: 'GUARDED' }, name);
    }
  } finally {
    await wiring.close();
  }
});
