import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Hono } from 'hono';
import { loadConfig } from '../../src/config/index.ts';
import { createMasker, type JsonObject, Secret } from '../../src/core/index.ts';
import { signStandardWebhook } from '../../src/githost/index.ts';
import { openParts, type Parts } from '../../src/serve.ts';
import { createServer, readServerSettings, type ReadySettings } from '../../src/server/index.ts';
import type { Env } from '../../src/server/http/env.ts';
import { Problem } from '../../src/server/http/problem.ts';
import { apiRoutes } from '../../src/server/routes.ts';
import { openWiring } from '../../src/wire.ts';
import { FILES } from './files.ts';

export const SECRET = 'whsec_c2l4dGVlbi1ieXRlcy1vZi1zZWNyZXQtYW5kLW1vcmU=';
export const GITHUB_SECRET = 'github-secret-of-32-characters-00';
export const URL_OF_SITE = 'http://127.0.0.1:8080';

export interface SiteOptions {
  /** As people reach it. */
  readonly url?: string;
  readonly files?: { readonly [path: string]: string };
  /** Added to the settings as YAML. */
  readonly settings?: string;
  readonly now?: () => number;
  /** Settings from outside: another journal. */
  readonly environment?: { readonly [name: string]: string };
  /** A repository that is there already, of another server. */
  readonly repository?: string;
}
export interface Site extends AsyncDisposable {
  readonly parts: Parts;
  readonly app: Hono<Env>;
  readonly settings: ReadySettings;
  readonly dir: string;
  readonly repository: string;
  readonly stateDir: string;
  readonly logged: readonly { readonly [field: string]: unknown }[];
  /** Ask the server to go. */
  readonly leave: () => void;
  /** Change the default branch. */
  readonly commit: (files: { readonly [path: string]: string | undefined }) => string;
  readonly token: (name: string, ...scopes: string[]) => Promise<string>;
  readonly call: (path: string, options?: Call) => Promise<Answer>;
}
export interface Call {
  readonly method?: string;
  readonly token?: string;
  readonly body?: unknown;
  readonly raw?: string | Uint8Array;
  readonly headers?: { readonly [name: string]: string };
}
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly json: JsonObject;
  /** A member that is text. */
  readonly get: (name: string) => string;
}

/** Text of the settings of a site. */
export function settingsText(repository: string, more = ''): string {
  return `apiVersion: slipway/v1
kind: Server
listen: { port: 0 }
publicUrl: ${URL_OF_SITE}
repositories: [{ name: estate, folder: ${repository} }]
triggers:
  - { id: portal, secrets: [env:PORTAL_SECRET], events: ['com.example.*'] }
  - { id: github, scheme: github, secrets: [env:GITHUB_SECRET] }
  - { id: prodportal, secrets: [env:PORTAL_SECRET] }
  - { id: vault, secrets: [env:PORTAL_SECRET] }
  - { id: nowhere, secrets: [env:PORTAL_SECRET] }
${more}`;
}

export const ENVIRONMENT = { PORTAL_SECRET: SECRET, GITHUB_SECRET, CLIENT_SECRET: 'client-secret-of-the-site' };

/** A server with everything real but its socket: repository, journal, store, policies, worker. */
export async function openSite({
  files = {},
  settings: more = '',
  now,
  url = URL_OF_SITE,
  environment = {},
  repository: shared,
}: SiteOptions = {}): Promise<Site> {
  const dir = mkdtempSync(join(tmpdir(), 'slipway-server-'));
  const [repository, stateDir] = [shared ?? join(dir, 'repository'), join(dir, 'state')];
  const commit = makeRepository(repository, shared === undefined ? { ...FILES, ...files } : files);
  const config = configOf(repository, stateDir, environment);
  const wiring = openWiring(config);
  const clock = now ? { ...wiring.clock, now } : wiring.clock;
  const settings = readSettings(settingsText(repository, more).replace(URL_OF_SITE, url));
  const logged: { [field: string]: unknown }[] = [];
  const write = (level: string) => (fields: object, message: string) => void logged.push({ level, message, ...fields });
  const log = { info: write('info'), warn: write('warn'), error: write('error') };
  const [leave, end] = [new AbortController(), new AbortController()];
  const parts = await openParts({ config, settings, wiring: { ...wiring, clock }, log, leave: leave.signal, signal: end.signal });
  const app = createServer(parts.deps, { fetch: (url, options) => fetch(url, options) });
  return {
    ...{ parts, app, settings, dir, repository, stateDir, logged, commit },
    leave: () => leave.abort(),
    token: async (name, ...scopes) => (await parts.deps.app.createToken(sessionOf(stateDir), { name, scopes, lifetimeMs: 3_600_000 })).text.reveal(),
    call: async (path, options) => asDescribed(parts, path, await callApp(app, path, options)),
    [Symbol.asyncDispose]: async () => {
      leave.abort();
      await Promise.race([Promise.all([parts.worker.stopped, parts.deps.keeper.settled()]), delay(5_000, undefined, { ref: false })]);
      end.abort();
      await wiring.close();
      await removeAll(dir);
    },
  };
}

/** Every answer of the API that a test gets has the shape that the document says. */
function asDescribed({ deps }: Parts, path: string, answer: Answer): Answer {
  const nothing = { failures: { take: () => ({ limit: 0, remaining: 0, resetSeconds: 0 }), check: () => undefined }, authenticate: async () => undefined };
  const { pathname } = new URL(path, URL_OF_SITE);
  const fits = apiRoutes(deps, nothing).filter((route) => new RegExp(`^${route.path.replaceAll(/\{\w+\}/g, '[^/]+')}$`).test(pathname));
  if (answer.status >= 400 && pathname.startsWith('/v1/')) Problem.parse(answer.json);
  const described = fits.filter(({ success }) => success.status === answer.status && success.schema);
  const errors = described.map(({ success }) => success.schema?.safeParse(answer.json).error).filter((error) => error !== undefined);
  const isStream = (answer.headers.get('content-type') ?? '').startsWith('text/event-stream');
  if (described.length > 0 && errors.length === described.length && !isStream) throw new Error(`${path} answered with another shape: ${String(errors[0])}`);
  return answer;
}

/** Call a server as a socket would. */
export async function callApp(app: Hono<Env>, path: string, { method, token, body, raw, headers = {} }: Call = {}): Promise<Answer> {
  const text = raw ?? (body === undefined ? undefined : JSON.stringify(body));
  const init: RequestInit = {
    method: method ?? (text === undefined ? 'GET' : 'POST'),
    headers: {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(text === undefined ? {} : { body: typeof text === 'string' ? text : new Uint8Array(text) }),
  };
  const response = await app.request(`${URL_OF_SITE}${path}`, init, {});
  const answered = await response.text();
  const isJson = /json/.test(response.headers.get('content-type') ?? '');
  const json: JsonObject = isJson && answered !== '' ? JSON.parse(answered) : {};
  const get = (name: string): string => (typeof json[name] === 'string' ? json[name] : '');
  return { status: response.status, headers: response.headers, text: answered, json, get };
}

export function configOf(repository: string, stateDir: string, environment: { readonly [name: string]: string } = {}): Parameters<typeof openWiring>[0] {
  const config = loadConfig(
    { PATH: process.env['PATH'], HOME: process.env['HOME'], SLIPWAY_HOME: stateDir, SLIPWAY_ACTOR: 'user:test', ...ENVIRONMENT, ...environment },
    repository,
  );
  if (!config.ok) throw new Error(JSON.stringify(config.problems));
  return config.value;
}

export function readSettings(text: string): ReadySettings {
  const secrets: { readonly [name: string]: string } = ENVIRONMENT;
  const parsed = readServerSettings(text, 'server.yaml', {
    secretAt: (reference) => {
      const value = secrets[reference.replace(/^env:/, '')];
      return value === undefined ? undefined : new Secret(value);
    },
    textAt: () => undefined,
  });
  if (!parsed.ok) throw new Error(parsed.problems.map(({ line, message }) => `${line}: ${message}`).join('\n'));
  return parsed.value;
}

/** A repository on its default branch; gives back what changes it. */
export function makeRepository(repository: string, files: { readonly [path: string]: string }): Site['commit'] {
  const git = (...args: string[]): string =>
    execFileSync('git', ['-c', 'user.name=Grace', '-c', 'user.email=grace@site.test', '-C', repository, ...args], { encoding: 'utf8' }).trim();
  mkdirSync(repository, { recursive: true });
  if (!existsSync(join(repository, '.git'))) git('init', '-q', '-b', 'main');
  const commit: Site['commit'] = (changes) => {
    for (const [path, text] of Object.entries(changes)) {
      if (text === undefined) git('rm', '-q', path);
      else {
        mkdirSync(dirname(join(repository, path)), { recursive: true });
        writeFileSync(join(repository, path), text);
      }
    }
    git('add', '-A');
    git('commit', '-q', '--allow-empty', '-m', 'change');
    return git('rev-parse', 'HEAD');
  };
  commit(files);
  return commit;
}

function sessionOf(stateDir: string): Parameters<Parts['deps']['app']['createToken']>[0] {
  const signal = new AbortController().signal;
  return {
    actor: 'user:test',
    teams: [],
    root: stateDir,
    stateDir,
    masker: createMasker(),
    signal,
    notice: () => undefined,
  };
}

/** Trees of commits are read-only. */
export async function removeAll(dir: string): Promise<void> {
  execFileSync('chmod', ['-R', 'u+w', dir]);
  await rm(dir, { recursive: true, force: true });
}

let deliveries = 0;

/** Headers and body of a webhook that is signed as Standard Webhooks says. */
export function signed(
  body: unknown,
  { id = `msg_${++deliveries}`, at = Date.now(), secret = SECRET }: { readonly id?: string; readonly at?: number; readonly secret?: string } = {},
): Call {
  const bytes = Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
  const headers = signStandardWebhook({ id, timestamp: Math.floor(at / 1_000), body: bytes }, new Secret(secret));
  return { raw: bytes, headers: { ...headers, 'content-type': 'application/json' } };
}

/** Look until it is so. */
export async function until<T>(what: string | (() => string), look: () => Promise<T | undefined>, patienceMs = 60_000): Promise<T> {
  for (const end = Date.now() + patienceMs; Date.now() < end; await delay(50)) {
    const seen = await look();
    if (seen !== undefined) return seen;
  }
  throw new Error(`${typeof what === 'string' ? what : what()}: not within ${patienceMs / 1_000} s`);
}

/** Look at a run until it has this state. */
export function untilRun(site: Site, token: string, run: string, ...states: string[]): Promise<Answer> {
  let last = '';
  const warnings = (): string => JSON.stringify(site.logged.filter(({ level }) => level !== 'info').slice(-10));
  return until(
    () => `${run} ${states.join(' or ')}, but ${last}; ${warnings()}`,
    async () => {
      const answer = await site.call(`/v1/runs/${run}`, { token });
      last = answer.text.slice(0, 600);
      return states.includes(answer.get('state')) ? answer : undefined;
    },
  );
}
