import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { diagnose, type DoctorPorts } from '../../src/cli/diagnose.ts';

const folder = mkdtempSync(join(tmpdir(), 'slipway-doctor-'));
after(() => rmSync(folder, { recursive: true }));

const healthy: DoctorPorts = {
  nodeVersion: '24.21.0',
  leastNode: '22.18.0',
  run: async (program) => `${program} version 2.39.5 (something)`,
  tool: async (name) => ({ found: true, words: `${name} at /cache` }),
  stateDir: join(folder, 'state'),
  countRuns: async () => 1,
};
const wrong = async (ports: Partial<DoctorPorts>) =>
  (await diagnose({ ...healthy, ...ports })).filter((check) => !check.ok).map(({ name, needed }) => [name, needed]);

test('a healthy machine: everything is looked at and fine', async () => {
  const checks = await diagnose(healthy);
  assert.deepEqual(
    checks.map((check) => check.name),
    ['node', 'git', 'npm', 'go', 'cc', 'sshd', 'haproxy', 'chromium', 'pulumi', 'opa', 'state folder', 'journal'],
  );
  assert.ok(checks.every((check) => check.ok));
  assert.equal(checks[1]?.found, '2.39.5');
  assert.equal(checks.at(-1)?.found, 'readable, 1 run');
});

test('what is missing is wrong, and only what a run needs is needed', async () => {
  assert.deepEqual(await wrong({ run: async () => undefined }), [
    ['git', true],
    ['npm', false],
    ['go', false],
    ['cc', false],
    ['sshd', false],
    ['haproxy', false],
    ['chromium', false],
  ]);
  assert.deepEqual(await wrong({ nodeVersion: '22.9.0' }), [['node', true]]);
  assert.deepEqual(await wrong({ tool: async (name) => ({ found: name === 'opa', words: 'not found' }) }), [['pulumi', true]]);
});

test('a state folder that cannot be made and a journal that cannot be read are told with the reason', async () => {
  const file = join(folder, 'file');
  writeFileSync(file, '');
  assert.deepEqual(await wrong({ stateDir: join(file, 'below') }), [['state folder', true]]);
  const checks = await diagnose({ ...healthy, countRuns: () => Promise.reject(new Error('disk image is malformed')) });
  assert.deepEqual(
    checks.filter((check) => !check.ok).map(({ name, found }) => [name, found]),
    [['journal', 'disk image is malformed']],
  );
  for (const check of checks.filter((each) => !each.ok)) assert.ok(check.mend);
});
