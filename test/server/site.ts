import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Hono } from 'hono';
import { loadConfig } from '../../src/config/index.ts';
import { Secret } from '../../src/core/index.ts';
import { signStandardWebhook } from '../../src/githost/index.ts';
import { openParts, type Parts } from '../../src/serve.ts';
import { createServer, readServerSettings, type ReadySettings } from '../../src/server/index.ts';
import type { Env } from '../../src/server/http/env.ts';
import { openWiring } from '../../src/wire.ts';

/** Who may do what in tests. */
export const ACCESS = `
apiVersion: slipway/v1
kind: Access
metadata: { name: access }
roles:
  viewer: { actions: ['runbook.read', 'run.read', 'plan.read', 'log.read'] }
  operator: { includes: [viewer], actions: ['run.*', 'plan.*'] }
  admin: { actions: ['*'] }
teams:
  leads: { members: ['user:lea@site.test'] }
bindings:
  - { role: admin, subjects: ['token:root', 'user:root@site.test'], environments: ['*'] }
  - { role: operator, subjects: ['token:ci', 'user:ada@site.test', 'team:leads'], environments: ['*'] }
  - { role: operator, subjects: ['trigger:portal', 'trigger:github', 'trigger:vault'], environments: [lab] }
  - { role: viewer, subjects: ['token:look'], environments: ['*'], runbooks: [greet] }
---
apiVersion: slipway/v1
kind: Environment
metadata: { name: lab, owner: team-platform }
production: false
---
apiVersion: slipway/v1
kind: Environment
metadata: { name: prod, owner: team-platform }
production: true
---
apiVersion: slipway/v1
kind: Inventory
metadata: { name: estate }
defaults: { user: deploy, privateKey: 'env:SITE_KEY', zone: rack }
hosts: { web1: { address: 10.0.0.11 }, web2: { address: 10.0.0.12, jump: web1 } }
groups: { web: { hosts: [web1, web2] } }
---
apiVersion: slipway/v1
kind: Wave
metadata: { name: first }
runbook: greet
servers: [a, b]
inputs: { name: xavier }
`;
export const GREET = `
apiVersion: slipway/v1
kind: Runbook
metadata: { name: greet, owner: team-web, tier: 3, description: says hello }
triggers:
  - webhook: { id: portal }
  - webhook: { id: github }
  - event: { type: com.example.greeting, if: '\${{ event.data.loud != true }}', inputs: { name: '\${{ event.data.who }}' } }
inputs:
  name: { type: string, minLength: 2, maxLength: 40, description: whom to greet }
  times: { type: integer, minimum: 1, maximum: 5, default: 1 }
  style: { type: string, enum: [plain, fancy], default: plain }
phases:
  - id: work
    type: custom
    environment: lab
    steps:
      - { id: hello, uses: notify, with: { channel: log, title: hello, text: 'hello \${{ inputs.name }}' } }
`;
export const GATED = `
apiVersion: slipway/v1
kind: Runbook
metadata: { name: gated, owner: team-web, tier: 3 }
phases:
  - id: work
    type: custom
    environment: lab
    steps:
      - { id: ask, uses: approval, with: { approvers: ['team:leads', 'user:root@site.test'], reason: is it good, preventSelfApproval: true } }
      - { id: said, uses: notify, with: { channel: log, title: done, text: done } }
`;
export const SLOW = `
apiVersion: slipway/v1
kind: Runbook
metadata: { name: slow, owner: team-web, tier: 3 }
inputs: { for: { type: string, default: 30s } }
phases:
  - id: work
    type: custom
    environment: lab
    steps: [{ id: sit, uses: pause, with: { duration: '\${{ inputs.for }}' } }, { id: end, uses: notify, with: { channel: log, title: end, text: end } }]
`;
const SECRETIVE = `
apiVersion: slipway/v1
kind: Runbook
metadata: { name: secretive, owner: team-web, tier: 3 }
triggers: [{ webhook: { id: vault } }]
inputs: { password: { type: string, secret: true } }
phases: [{ id: work, type: custom, environment: lab, steps: [{ id: hi, uses: notify, with: { channel: log, title: hi, text: hi } }] }]
`;
const PROD = `
apiVersion: slipway/v1
kind: Runbook
metadata: { name: prod-greet, owner: team-web, tier: 3 }
triggers: [{ webhook: { id: prodportal } }]
phases: [{ id: work, type: custom, environment: prod, steps: [{ id: hi, uses: notify, with: { channel: log, title: hi, text: hi } }] }]
`;
/** Policies of the site: few, so that tests need no more than they are about. */
const POLICY = `package slipway.site

deny contains {"msg": "nobody greets eve", "hint": "greet somebody else"} if input.inputs.name == "eve"
`;

export const SECRET = 'whsec_c2l4dGVlbi1ieXRlcy1vZi1zZWNyZXQtYW5kLW1vcmU=';
export const GITHUB_SECRET = 'github-secret-of-32-characters-00';
export const URL_OF_SITE = 'http://127.0.0.1:8080';

export interface SiteOptions {
  readonly files?: { readonly [path: string]: string };
  /** Added to the settings as YAML. */
  readonly settings?: string;
  readonly now?: () => number;
}
export interface Site extends AsyncDisposable {
  readonly parts: Parts;
  readonly app: Hono<Env>;
  readonly settings: ReadySettings;
  readonly dir: string;
  readonly repository: string;
  readonly stateDir: string;
  readonly logged: readonly { readonly [field: string]: unknown }[];
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
  readonly json: { readonly [name: string]: any };
}

/** Files of the repository that most tests use. */
export const FILES: { readonly [path: string]: string } = {
  'runbooks/estate.yaml': ACCESS,
  'runbooks/greet.yaml': GREET,
  'runbooks/gated.yaml': GATED,
  'runbooks/slow.yaml': SLOW,
  'runbooks/prod.yaml': PROD,
  'runbooks/secretive.yaml': SECRETIVE,
  'policies/site.rego': POLICY,
};

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
export async function openSite({ files = {}, settings: more = '', now }: SiteOptions = {}): Promise<Site> {
  const dir = mkdtempSync(join(tmpdir(), 'slipway-server-'));
  const [repository, stateDir] = [join(dir, 'repository'), join(dir, 'state')];
  const commit = makeRepository(repository, { ...FILES, ...files });
  const config = configOf(repository, stateDir);
  const wiring = openWiring(config);
  const clock = now ? { ...wiring.clock, now } : wiring.clock;
  const settings = readSettings(settingsText(repository, more));
  const logged: { [field: string]: unknown }[] = [];
  const write = (level: string) => (fields: object, message: string) => void logged.push({ level, message, ...fields });
  const log = { info: write('info'), warn: write('warn'), error: write('error') };
  const [leave, end] = [new AbortController(), new AbortController()];
  const parts = await openParts({ config, settings, wiring: { ...wiring, clock }, log, leave: leave.signal, signal: end.signal });
  const app = createServer(parts.deps, { fetch: (url, options) => fetch(url, options) });
  return {
    ...{ parts, app, settings, dir, repository, stateDir, logged, commit },
    token: async (name, ...scopes) => (await parts.deps.app.createToken(sessionOf(stateDir), { name, scopes, lifetimeMs: 3_600_000 })).text.reveal(),
    call: (path, options) => callApp(app, path, options),
    [Symbol.asyncDispose]: async () => {
      leave.abort();
      await Promise.race([Promise.all([parts.worker.stopped, parts.deps.keeper.settled()]), delay(5_000, undefined, { ref: false })]);
      end.abort();
      await wiring.closeJournal();
      await removeAll(dir);
    },
  };
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
    ...(text === undefined ? {} : { body: typeof text === "string" ? text : new Uint8Array(text) }),
  };
  const response = await app.request(`${URL_OF_SITE}${path}`, init, {});
  const answered = await response.text();
  const isJson = /json/.test(response.headers.get('content-type') ?? '');
  return { status: response.status, headers: response.headers, text: answered, json: isJson && answered !== '' ? JSON.parse(answered) : {} };
}

export function configOf(repository: string, stateDir: string): Parameters<typeof openWiring>[0] {
  const config = loadConfig({ PATH: process.env['PATH'], HOME: process.env['HOME'], SLIPWAY_HOME: stateDir, SLIPWAY_ACTOR: 'user:test', ...ENVIRONMENT }, repository);
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
  git('init', '-q', '-b', 'main');
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
  return { actor: 'user:test', teams: [], root: stateDir, stateDir, masker: { add: () => undefined, mask: (text) => text, longest: 0 }, signal, notice: () => undefined };
}

/** Trees of commits are read-only. */
async function removeAll(dir: string): Promise<void> {
  execFileSync('chmod', ['-R', 'u+w', dir]);
  await rm(dir, { recursive: true, force: true });
}

let deliveries = 0;

/** Headers and body of a webhook that is signed as Standard Webhooks says. */
export function signed(body: unknown, { id = `msg_${++deliveries}`, at = Date.now(), secret = SECRET }: { readonly id?: string; readonly at?: number; readonly secret?: string } = {}): Call {
  const bytes = Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
  const headers = signStandardWebhook({ id, timestamp: Math.floor(at / 1_000), body: bytes }, new Secret(secret));
  return { raw: bytes, headers: { ...headers, 'content-type': 'application/json' } };
}

/** Look until it is so. */
export async function until<T>(what: string, look: () => Promise<T | undefined>, patienceMs = 60_000): Promise<T> {
  for (const end = Date.now() + patienceMs; Date.now() < end; await delay(50)) {
    const seen = await look();
    if (seen !== undefined) return seen;
  }
  throw new Error(`${what}: not within ${patienceMs / 1_000} s`);
}

/** Look at a run until it has this state. */
export function untilRun(site: Site, token: string, run: string, ...states: string[]): Promise<Answer> {
  return until(`${run} ${states.join(' or ')}`, async () => {
    const answer = await site.call(`/v1/runs/${run}`, { token });
    return states.includes(String(answer.json['state'])) ? answer : undefined;
  });
}
