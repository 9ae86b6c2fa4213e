import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { after, test } from 'node:test';
import { type EngineSettings, loadConfig, type Surroundings } from '../../src/config/index.ts';

const folder = mkdtempSync(join(tmpdir(), 'slipway-engine-config-'));
after(() => rmSync(folder, { recursive: true }));
for (const name of ['ca.pem', 'client.pem', 'client.key']) writeFileSync(join(folder, name), `PEM of ${name}`);

const around: Surroundings = { stdoutIsTerminal: false, stderrIsTerminal: false, homeDir: '/home/ada', osUser: 'ada', gitUser: () => undefined };

function engine(env: Record<string, string>): EngineSettings {
  const parsed = loadConfig({ SLIPWAY_ENGINE: 'temporal', ...env }, folder, around);
  assert.ok(parsed.ok, JSON.stringify(parsed.problems));
  return parsed.value.engine;
}
function problems(env: Record<string, string>): readonly string[] {
  const parsed = loadConfig({ SLIPWAY_ENGINE: 'temporal', ...env }, folder, around);
  return parsed.problems.map(({ path }) => path);
}

test('this process drives runs unless another engine is named', () => {
  assert.deepEqual(engine({ SLIPWAY_ENGINE: '', TEMPORAL_ADDRESS: 'nobody looks at this' }), { kind: 'local' });
  assert.deepEqual(problems({ SLIPWAY_ENGINE: 'airflow' }), ['SLIPWAY_ENGINE']);
});

test('Temporal on this machine needs nothing more; elsewhere it is encrypted unless somebody says no', () => {
  assert.deepEqual(engine({}), { kind: 'temporal', address: '127.0.0.1:7233', namespace: 'default', queue: 'slipway' });
  assert.deepEqual(engine({ TEMPORAL_ADDRESS: 'temporal.example.org:7233' }), { ...engine({}), address: 'temporal.example.org:7233', tls: {} });
  assert.deepEqual(engine({ TEMPORAL_ADDRESS: '10.1.2.3:7233', TEMPORAL_TLS: 'false' }), { ...engine({}), address: '10.1.2.3:7233' });
  assert.deepEqual(engine({ TEMPORAL_TLS: 'true' }), { ...engine({}), tls: {} });
});

test('Temporal Cloud: an API key, always encrypted, and never printed', () => {
  const settings = engine({ TEMPORAL_ADDRESS: 'eu.example.org:7233', TEMPORAL_NAMESPACE: 'ops.a1b2c', TEMPORAL_API_KEY: 'key-in-the-clear' });
  assert.ok(settings.kind === 'temporal' && settings.tls && settings.namespace === 'ops.a1b2c');
  assert.equal(settings.apiKey?.reveal(), 'key-in-the-clear');
  assert.doesNotMatch(inspect(settings) + JSON.stringify(settings), /in-the-clear/);
  assert.deepEqual(problems({ TEMPORAL_API_KEY: 'x', TEMPORAL_TLS: 'false' }), ['TEMPORAL_TLS']);
});

test('a server that wants to know us: certificate and key from files, together', () => {
  const settings = engine({
    ...{ TEMPORAL_ADDRESS: 'inside:7233', TEMPORAL_TLS_CLIENT_CERT_PATH: 'client.pem', TEMPORAL_TLS_CLIENT_KEY_PATH: 'client.key' },
    ...{ TEMPORAL_TLS_SERVER_CA_CERT_PATH: 'ca.pem', TEMPORAL_TLS_SERVER_NAME: 'temporal.internal' },
  });
  assert.ok(settings.kind === 'temporal');
  assert.equal(Buffer.from(settings.tls?.serverCa ?? []).toString(), 'PEM of ca.pem');
  assert.equal(settings.tls?.client?.key.reveal(), 'PEM of client.key');
  assert.equal(settings.tls?.serverName, 'temporal.internal');
  assert.deepEqual(problems({ TEMPORAL_TLS_CLIENT_CERT_PATH: 'client.pem' }), ['TEMPORAL_TLS_CLIENT_CERT_PATH']);
});

test('every bad value is told at once', () => {
  const bad = {
    ...{ TEMPORAL_ADDRESS: 'no port', TEMPORAL_NAMESPACE: '../x', SLIPWAY_TEMPORAL_QUEUE: 'a b', SLIPWAY_TEMPORAL_BUILD_ID: '-', TEMPORAL_TLS: 'maybe' },
    TEMPORAL_TLS_SERVER_CA_CERT_PATH: 'missing.pem',
  };
  assert.deepEqual(problems(bad), Object.keys(bad).slice(0, 4).concat('TEMPORAL_TLS', 'TEMPORAL_TLS_SERVER_CA_CERT_PATH'));
});
