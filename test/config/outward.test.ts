import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { after, test } from 'node:test';
import { type Config, loadConfig, type Surroundings } from '../../src/config/index.ts';

const folder = mkdtempSync(join(tmpdir(), 'slipway-outward-'));
after(() => rmSync(folder, { recursive: true }));

const around: Surroundings = {
  stdoutIsTerminal: true,
  stderrIsTerminal: true,
  columns: 120,
  rows: 40,
  homeDir: '/home/ada',
  osUser: 'ada',
  gitUser: () => undefined,
};

function load(env: Record<string, string>): Config {
  const parsed = loadConfig(env, folder, around);
  assert.ok(parsed.ok, JSON.stringify(parsed.problems));
  return parsed.value;
}

const SIGNING = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
const problemsOf = (env: Record<string, string>): readonly string[] =>
  loadConfig(env, folder, around)
    .problems.map(({ path, message }) => `${path}: ${message}`)
    .sort();

test('channels are chat, mail or hooks; mail needs a server; what is wrong is said without the address', () => {
  const config = load({
    SLIPWAY_NOTIFY_OPS: 'teams+https://hooks.example.com/x',
    SLIPWAY_NOTIFY_MAIL: 'mailto:ops@example.com, cab@example.com',
    SLIPWAY_SMTP: 'smtps://ada:hunter2-hunter2@mail.example.com',
    SLIPWAY_MAIL_FROM: 'slipway@example.com',
  });
  assert.deepEqual(Object.keys(config.notify), ['ops', 'mail']);
  assert.equal(config.mail?.from, 'slipway@example.com');
  assert.doesNotMatch(inspect(config, { depth: 6 }), /hunter2|hooks\.example/);
  const wrong = problemsOf({
    SLIPWAY_NOTIFY_A: 'mailto:ops@example.com',
    SLIPWAY_NOTIFY_B: 'mailto:nobody',
    SLIPWAY_NOTIFY_C: 'ftp://very-secret',
    SLIPWAY_MAIL_FROM: 'me',
  });
  assert.deepEqual(wrong, [
    'SLIPWAY_MAIL_FROM: SLIPWAY_MAIL_FROM "me" is not a mail address',
    'SLIPWAY_NOTIFY_A: SLIPWAY_NOTIFY_A is a mail address, and SLIPWAY_SMTP does not say which server sends mail',
    'SLIPWAY_NOTIFY_B: SLIPWAY_NOTIFY_B is not an http, https or mail address',
    'SLIPWAY_NOTIFY_C: SLIPWAY_NOTIFY_C is not an http, https or mail address',
  ]);
  assert.deepEqual(problemsOf({ SLIPWAY_SMTP: 'https://mail' }), ['SLIPWAY_SMTP: SLIPWAY_SMTP is not the address of a mail server']);
});

test('outbound webhooks have a name, an address, signing secrets, and the events they want', () => {
  const file = join(folder, 'secret');
  writeFileSync(file, `${SIGNING} ${SIGNING}\n`);
  const { webhooks } = load({
    SLIPWAY_WEBHOOK_ERP_CORE: 'https://erp.example.com/hook?key=very-secret',
    SLIPWAY_WEBHOOK_ERP_CORE_SECRET: SIGNING,
    SLIPWAY_WEBHOOK_ERP_CORE_EVENTS: 'runStarted, runFinished',
    SLIPWAY_WEBHOOK_ALL: 'http://127.0.0.1:8080',
    SLIPWAY_WEBHOOK_ALL_SECRET_FILE: file,
    SLIPWAY_WEBHOOK_ALLOW: '127.0.0.1, 10.20.0.0/16, fd00::/8',
  });
  assert.deepEqual(
    webhooks.endpoints.map(({ name, secrets, events }) => [name, secrets.length, events]),
    [
      ['erp-core', 1, ['runStarted', 'runFinished']],
      ['all', 2, undefined],
    ],
  );
  assert.deepEqual(webhooks.allow, ['127.0.0.1', '10.20.0.0/16', 'fd00::/8']);
  assert.doesNotMatch(inspect(webhooks, { depth: 6 }), /very-secret|whsec/);
  const wrong = problemsOf({
    SLIPWAY_WEBHOOK_A: 'https://a.example.com',
    SLIPWAY_WEBHOOK_B: 'https://b.example.com',
    SLIPWAY_WEBHOOK_B_SECRET: 'whsec_short-and-secret',
    SLIPWAY_WEBHOOK_C_SECRET: SIGNING,
    SLIPWAY_WEBHOOK_D: 'ftp://very-secret',
    SLIPWAY_WEBHOOK_ALLOW: 'everything,10.0.0.0/40',
  });
  assert.deepEqual(wrong, [
    'SLIPWAY_WEBHOOK_ALLOW: SLIPWAY_WEBHOOK_ALLOW has "10.0.0.0/40", which is no address and no range of addresses',
    'SLIPWAY_WEBHOOK_ALLOW: SLIPWAY_WEBHOOK_ALLOW has "everything", which is no address and no range of addresses',
    'SLIPWAY_WEBHOOK_A_SECRET: SLIPWAY_WEBHOOK_A has no signing secret',
    'SLIPWAY_WEBHOOK_B_SECRET: SLIPWAY_WEBHOOK_B has a signing secret that is none',
    'SLIPWAY_WEBHOOK_C_SECRET: SLIPWAY_WEBHOOK_C_SECRET is set, and SLIPWAY_WEBHOOK_C is not',
    'SLIPWAY_WEBHOOK_D: SLIPWAY_WEBHOOK_D is not an http or https address',
  ]);
});

test('spans and metrics by the variables of OpenTelemetry; headers are secrets', () => {
  const { telemetry } = load({
    OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4318/',
    OTEL_EXPORTER_OTLP_HEADERS: 'Authorization=Bearer%20very-secret,x-tenant=a',
    OTEL_SERVICE_NAME: 'erp-slipway',
    SLIPWAY_METRICS_LISTEN: '127.0.0.1:9464',
  });
  assert.equal(telemetry.spans?.url, 'http://127.0.0.1:4318/v1/traces');
  assert.equal(telemetry.spans.serviceName, 'erp-slipway');
  assert.equal(telemetry.spans.headers['authorization']?.reveal(), 'Bearer very-secret');
  assert.deepEqual(telemetry.listen, { host: '127.0.0.1', port: 9464 });
  assert.doesNotMatch(inspect(telemetry, { depth: 6 }), /very-secret/);
  assert.equal(load({ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'https://c.example.com/in' }).telemetry.spans?.url, 'https://c.example.com/in');
  assert.deepEqual(load({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://x', OTEL_SDK_DISABLED: 'true' }).telemetry, {});
  assert.deepEqual(load({ SLIPWAY_METRICS_LISTEN: '[::1]:9464' }).telemetry.listen, { host: '::1', port: 9464 });
  assert.deepEqual(problemsOf({ OTEL_EXPORTER_OTLP_ENDPOINT: 'grpc', OTEL_EXPORTER_OTLP_HEADERS: 'a', SLIPWAY_METRICS_LISTEN: ':9464' }), [
    'OTEL_EXPORTER_OTLP_ENDPOINT: OTEL_EXPORTER_OTLP_ENDPOINT is not an http or https address',
    'SLIPWAY_METRICS_LISTEN: SLIPWAY_METRICS_LISTEN ":9464" is not an address and a port',
  ]);
});
