import { type ChildProcess, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { createTokens } from '../../src/app/index.ts';
import { systemClock } from '../../src/core/index.ts';
import { openSqliteStore, type Store } from '../../src/store/index.ts';
import { ENVIRONMENT, GITHUB_SECRET, makeRepository } from '../../test/server/site.ts';
import { freePort } from '../../test/support/free-port.ts';
import { send } from './load.ts';

const MAIN = join(import.meta.dirname, '..', '..', 'src', 'main.ts');

/** Steps that begin and end all the time, so that each run writes to the journal several times a second. */
const BUSY = `apiVersion: slipway/v1
kind: Runbook
metadata: { name: busy, owner: team-bench, tier: 3 }
inputs: { n: { type: integer } }
phases:
  - id: work
    type: custom
    environment: lab
    steps: [{ id: beat, uses: pause, foreach: [${Array.from({ length: 200 }, (_, n) => n).join(', ')}], maxParallel: 1, with: { duration: 500ms } }]
`;
const ESTATE = `apiVersion: slipway/v1
kind: Environment
metadata: { name: lab, owner: team-bench }
---
apiVersion: slipway/v1
kind: Access
metadata: { name: access }
roles: { admin: { actions: ['*'] } }
bindings: [{ role: admin, subjects: ['token:bench'], environments: ['*'] }]
`;
const POLICY = 'package slipway.bench\n\ndeny contains "never" if input.inputs.values.n < 0\n';

/** A server in a process of its own, and what its store holds. */
export interface Served extends AsyncDisposable {
  readonly port: number;
  readonly store: Store;
  readonly authorization: { readonly authorization: string };
  /** Runs that go on just now. */
  readonly going: () => Promise<readonly string[]>;
}

/** Start `slipway serve`, and so many runs that keep it busy. */
export async function serveBusy(dir: string, runs: number): Promise<Served> {
  const [repository, home, port] = [join(dir, 'repository'), join(dir, 'state'), await freePort()];
  makeRepository(repository, { 'runbooks/busy.yaml': BUSY, 'runbooks/estate.yaml': ESTATE, 'policies/bench.rego': POLICY });
  writeFileSync(join(dir, 'server.yaml'), settingsOf(port, repository));
  const store = openSqliteStore({ dir: home, clock: systemClock });
  const made = await createTokens(store, systemClock).create({ name: 'bench', scopes: [{ action: '*' }], expiresAt: Date.now() + 3_600_000, by: 'user:bench' });
  const child = start([MAIN, 'serve', '--config', 'server.yaml'], { ...ENVIRONMENT, SLIPWAY_HOME: home, SLIPWAY_ACTOR: 'user:bench' }, dir);
  const authorization = { authorization: `Bearer ${made.text.reveal()}` };
  const going = async (): Promise<readonly string[]> => {
    const answer = await fetch(`http://127.0.0.1:${port}/v1/runs?limit=200&state=running&state=waiting`, { headers: authorization });
    const page = (await answer.json()) as { readonly items: readonly { readonly id: string }[] }; // what our own server writes
    return page.items.map(({ id }) => id);
  };
  const close = async (): Promise<void> => {
    await store[Symbol.asyncDispose]();
    await stop(child);
  };
  const served = { port, store, authorization, going, [Symbol.asyncDispose]: close };
  try {
    await until('the server', async () => (await send(port, { path: '/readyz', headers: {} })) === 200);
    const headers = { ...authorization, 'content-type': 'application/json' };
    for (let n = 0; n < runs; n++) await send(port, { path: '/v1/runs', headers, body: JSON.stringify({ runbook: 'busy', inputs: { n } }) });
    await until('the runs', async () => (await going()).length >= runs);
    return served;
  } catch (error) {
    await served[Symbol.asyncDispose]();
    throw error;
  }
}

/** The handler to compare with. */
export async function serveBare(dir: string): Promise<AsyncDisposable & { readonly port: number }> {
  const port = await freePort();
  const child = start([join(import.meta.dirname, 'bare.mjs'), String(port), GITHUB_SECRET], {}, dir);
  await until('the bare handler', async () => (await send(port, { path: '/', headers: {} })) === 200);
  return { port, [Symbol.asyncDispose]: () => stop(child) };
}

function settingsOf(port: number, repository: string): string {
  return `apiVersion: slipway/v1
kind: Server
listen: { port: ${port} }
publicUrl: http://127.0.0.1:${port}
repositories: [{ name: estate, folder: ${repository} }]
hosts: [{ name: gh, kind: github, auth: { token: env:CLIENT_SECRET }, webhookSecrets: [env:GITHUB_SECRET] }]
limits: { runs: 100, webhooksPerMinute: 10000000, requestsPerMinute: 1000000 }
`;
}

/** What it says goes nowhere: lines to a terminal would be measured too. */
function start(args: readonly string[], env: NodeJS.ProcessEnv, cwd: string): ChildProcess {
  return spawn(process.execPath, [...args], { cwd, env: { ...process.env, ...env }, stdio: 'ignore' });
}

async function stop(child: ChildProcess): Promise<void> {
  const ended = new Promise((resolve) => child.once('close', resolve));
  if (child.kill('SIGKILL')) await ended;
}

async function until(what: string, look: () => Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 120_000; Date.now() < end; await delay(250)) if (await look().catch(() => false)) return;
  throw new Error(`${what}: not within two minutes`);
}
