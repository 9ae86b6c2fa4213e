import type { Parsed, Secret } from '../../core/index.ts';
import { parseShaped, type Report } from '../../runbook/index.ts';
import { isLoopback, ServerSettings } from './schema.ts';

/** Settings with every secret they refer to. */
export interface ReadySettings extends Omit<ServerSettings, 'triggers'> {
  readonly triggers: readonly ReadyTrigger[];
  readonly clientSecret?: Secret;
  /** PEM, when this server ends TLS itself. */
  readonly tlsFiles?: { readonly certificate: string; readonly key: Secret };
  /** By repository. */
  readonly authorizations: ReadonlyMap<string, Secret>;
}
export type ReadyTrigger = Omit<ServerSettings['triggers'][number], 'secrets'> & { readonly secrets: readonly Secret[] };
/** What reading settings may look at. */
export interface SettingsPorts {
  /** A secret by its reference; undefined when it is not there or empty. */
  readonly secretAt: (reference: string) => Secret | undefined;
  /** Text of a file; undefined when it cannot be read. */
  readonly textAt: (path: string) => string | undefined;
}

/** Shorter secrets could be guessed. */
const LEAST_SECRET_BYTES = 16;

/**
 * Read the settings of a server; every mistake at once, with line and hint. A server without a webhook secret, or one that would speak in
 * plain text with other machines, does not start.
 */
export function readServerSettings(content: string | Uint8Array, file: string, ports: SettingsPorts): Parsed<ReadySettings> {
  const secrets = new Map<string, Secret>();
  const parsed = parseShaped(content, file, ServerSettings, (settings, report) => {
    checkNames(settings, report);
    checkSources(settings, report);
    checkTransport(settings, report);
    checkIntake(settings, report);
    for (const { path, reference, isKey } of referencesIn(settings)) {
      const secret = ports.secretAt(reference);
      if (secret) secrets.set(reference, secret);
      checkSecret({ path, reference, isKey, secret }, report);
    }
    if (settings.tls && ports.textAt(settings.tls.certificate) === undefined)
      report({
        code: 'MISSING_FILE',
        path: ['tls', 'certificate'],
        message: `the certificate ${settings.tls.certificate} cannot be read`,
        hint: 'check the path and its permissions',
      });
  });
  if (!parsed.ok) return parsed;
  return { ...parsed, value: ready(parsed.value, (reference) => secrets.get(reference), ports) };
}

interface Reference {
  readonly path: readonly (string | number)[];
  readonly reference: string;
  /** Something that is guessed against us, and so has to be long. */
  readonly isKey: boolean;
}

function referencesIn({ triggers, hosts, login, tls, repositories }: ServerSettings): readonly Reference[] {
  return [
    ...triggers.flatMap(({ secrets }, index) => secrets.map((reference, at) => ({ path: ['triggers', index, 'secrets', at], reference, isKey: true }))),
    ...hosts.flatMap(({ webhookSecrets }, index) =>
      webhookSecrets.map((reference, at) => ({ path: ['hosts', index, 'webhookSecrets', at], reference, isKey: true })),
    ),
    ...(login?.clientSecret === undefined ? [] : [{ path: ['login', 'clientSecret'], reference: login.clientSecret, isKey: false }]),
    ...(tls ? [{ path: ['tls', 'key'], reference: tls.key, isKey: false }] : []),
    ...repositories.flatMap(({ authorization: reference }, index) =>
      reference === undefined ? [] : [{ path: ['repositories', index, 'authorization'], reference, isKey: false }],
    ),
  ];
}

function checkSecret({ path, reference, isKey, secret }: Reference & { readonly secret: Secret | undefined }, report: Report): void {
  const where = reference.startsWith('env:') ? `the variable ${reference.slice(4)}` : `the file ${reference.slice(5)}`;
  if (!secret) {
    report({
      code: 'MISSING_SECRET',
      path,
      message: `${where} holds no secret`,
      hint: reference.startsWith('env:') ? 'set it for the process of the server' : 'write the secret into it',
    });
  } else if (isKey && Buffer.byteLength(secret.reveal()) < LEAST_SECRET_BYTES) {
    report({
      code: 'SHORT_SECRET',
      path,
      message: `the secret in ${where} has fewer than ${LEAST_SECRET_BYTES} bytes`,
      hint: 'make one with: openssl rand -base64 32',
    });
  }
}

function checkNames({ repositories, triggers, hosts }: ServerSettings, report: Report): void {
  unique(
    repositories.map(({ name }) => name),
    (index) => ['repositories', index, 'name'],
    report,
  );
  unique(
    triggers.map(({ id }) => id),
    (index) => ['triggers', index, 'id'],
    report,
  );
  unique(
    hosts.map(({ name }) => name),
    (index) => ['hosts', index, 'name'],
    report,
  );
  const known = repositories.map(({ name }) => name);
  for (const [index, trigger] of triggers.entries()) {
    for (const [at, name] of (trigger.repositories ?? []).entries()) {
      if (known.includes(name)) continue;
      report({
        code: 'UNKNOWN_REPOSITORY',
        path: ['triggers', index, 'repositories', at],
        message: `there is no repository "${name}" in these settings`,
        hint: `there are ${known.join(', ')}`,
      });
    }
  }
}

function unique(names: readonly string[], pathOf: (index: number) => readonly (string | number)[], report: Report): void {
  for (const [index, name] of names.entries()) {
    if (names.indexOf(name) === index) continue;
    report({ code: 'DUPLICATE_NAME', path: pathOf(index), message: `"${name}" is there twice`, hint: 'give one of them another name' });
  }
}

function checkSources({ repositories, hosts }: ServerSettings, report: Report): void {
  for (const [index, { folder, url, host, repo, authorization }] of repositories.entries()) {
    const path = ['repositories', index];
    const given = [folder, url, host].filter((source) => source !== undefined).length;
    if (given !== 1)
      report({ code: 'BAD_SOURCE', path, message: `the repository has ${given} sources, and needs one`, hint: 'give folder, url, or host with repo' });
    if ((host === undefined) !== (repo === undefined))
      report({ code: 'BAD_SOURCE', path, message: '"host" and "repo" go together', hint: 'give both, or neither' });
    if (authorization !== undefined && url === undefined)
      report({ code: 'BAD_SOURCE', path: [...path, 'authorization'], message: '"authorization" goes with "url"', hint: 'remove it' });
    if (host !== undefined && !hosts.some(({ name }) => name === host))
      report({ code: 'UNKNOWN_HOST', path: [...path, 'host'], message: `there is no host "${host}" in these settings`, hint: 'add it to hosts' });
  }
}

/** Nothing leaves this machine in plain text but to a proxy that ends TLS and is known. */
function checkTransport({ listen, tls, publicUrl }: ServerSettings, report: Report): void {
  if (!isLoopback(listen.host) && !tls && listen.trustedProxies.length === 0)
    report({
      code: 'PLAIN_TEXT',
      path: ['listen', 'host'],
      message: `other machines would reach ${listen.host} in plain text`,
      hint: 'add tls, or listen on 127.0.0.1 behind a proxy, or name the proxies in listen.trustedProxies',
    });
  if (tls && !publicUrl.startsWith('https:'))
    report({ code: 'PLAIN_TEXT', path: ['publicUrl'], message: 'this server speaks TLS, and publicUrl says http', hint: 'write https://' });
}

function checkIntake({ triggers, hosts }: ServerSettings, report: Report): void {
  if (triggers.length + hosts.length > 0) return;
  report({
    code: 'NO_WEBHOOK_SECRET',
    path: [],
    message: 'no trigger and no host has a webhook secret, so nothing could prove who sends',
    hint: 'add triggers or hosts with secrets',
  });
}

function ready(settings: ServerSettings, secret: (reference: string) => Secret | undefined, ports: SettingsPorts): ReadySettings {
  const { triggers, login, tls, repositories, ...rest } = settings;
  const open = (reference: string): readonly Secret[] => [secret(reference)].filter((each) => each !== undefined);
  const clientSecret = login?.clientSecret === undefined ? undefined : secret(login.clientSecret);
  const key = tls && secret(tls.key);
  const certificate = tls && ports.textAt(tls.certificate);
  return {
    ...rest,
    repositories,
    triggers: triggers.map((trigger) => ({ ...trigger, secrets: trigger.secrets.flatMap(open) })),
    authorizations: new Map(repositories.flatMap(({ name, authorization }) => open(authorization ?? '').map((each) => [name, each] as const))),
    ...(login ? { login } : {}),
    ...(clientSecret ? { clientSecret } : {}),
    ...(tls ? { tls } : {}),
    ...(key && certificate !== undefined ? { tlsFiles: { certificate, key } } : {}),
  };
}
