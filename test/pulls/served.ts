import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { WorldRequest } from '../../src/app/index.ts';
import { loadConfig } from '../../src/config/index.ts';
import { Secret } from '../../src/core/index.ts';
import type { HostRequest, HostSettings } from '../../src/githost/index.ts';
import { openParts, type Parts } from '../../src/serve.ts';
import { createServer, readServerSettings } from '../../src/server/index.ts';
import type { PulumiPort } from '../../src/steps/index.ts';
import { openWiring } from '../../src/wire.ts';
import { type Answer, callApp } from '../server/site.ts';

/** Something that must never be seen where a stranger's change is looked at. */
export const CANARY = 'canary-of-the-cloud-credentials';

/** GitHub wants a second between two writes, and nobody waits for that here; a worker that finds nothing waits all the same. */
const [WRITE_GAP_MS, POLL_MS] = [1_000, 500];

/** A server without a socket. */
export interface Running {
  readonly parts: Parts;
  readonly app: ReturnType<typeof createServer>;
  readonly stop: () => Promise<void>;
  readonly die: () => Promise<void>;
}

export interface Starting {
  /** Text of the settings. */
  readonly settings: string;
  readonly secrets: Readonly<Record<string, string>>;
  readonly dir: string;
  /** Gets what was opened to plan or run something. */
  readonly worlds: WorldRequest[];
  readonly logged: { [field: string]: unknown }[];
  /** In place of the real Pulumi. */
  readonly stacks?: PulumiPort;
  /** Milliseconds that the clock of the server is ahead. */
  readonly ahead?: () => number;
}

/** Start a server that looks after pull requests; everything is real but its socket. */
export async function startServer({ settings: text, secrets, dir, worlds, logged, stacks, ahead = () => 0 }: Starting): Promise<Running> {
  const root = join(dir, 'root');
  mkdirSync(root, { recursive: true });
  const config = loadConfig(
    {
      ...{
        PATH: process.env['PATH'],
        HOME: process.env['HOME'],
        SLIPWAY_HOME: join(dir, 'state'),
        SLIPWAY_ACTOR: 'user:test',
        AWS_SECRET_ACCESS_KEY: CANARY,
        PULUMI_CONFIG_PASSPHRASE: CANARY,
      },
      ...secrets,
    },
    root,
  );
  if (!config.ok) throw new Error(JSON.stringify(config.problems));
  const settings = readServerSettings(text, 'server.yaml', {
    secretAt: (reference) => new Secret(secrets[reference.replace(/^env:/, '')] ?? 'x'.repeat(40)),
    textAt: () => undefined,
  });
  if (!settings.ok) throw new Error(settings.problems.map(({ line, message }) => `${line}: ${message}`).join('\n'));
  const wiring = openWiring(config.value);
  const write = (level: string) => (fields: object, message: string) => void logged.push({ level, message, ...fields });
  const log = { info: write('info'), warn: write('warn'), error: write('error') };
  const [leave, end] = [new AbortController(), new AbortController()];
  const parts = await openParts({
    ...{ config: config.value, settings: settings.value, log, leave: leave.signal, signal: end.signal },
    wiring: {
      ...wiring,
      clock: {
        ...wiring.clock,
        now: () => wiring.clock.now() + ahead(),
        sleep: (ms, signal) => wiring.clock.sleep(ms < WRITE_GAP_MS && ms !== POLL_MS ? ms / 50 : ms, signal),
      },
      openWorld: async (request) => {
        worlds.push(request);
        const world = await wiring.openWorld(request);
        if (!stacks) return world;
        const played = <T extends object>(ports: T): T & { readonly pulumi: PulumiPort } => ({ ...ports, pulumi: stacks });
        return { ...world, ports: played(world.ports), portsOf: (runId) => played(world.portsOf(runId)) };
      },
    },
  });
  return {
    parts,
    app: createServer(parts.deps, { fetch: (url, options) => fetch(url, options) }),
    die: async () => {
      end.abort();
      await wiring.close();
    },
    stop: async () => {
      leave.abort();
      await Promise.race([Promise.all([parts.worker.stopped, parts.deps.keeper.settled()]), delay(5_000, undefined, { ref: false })]);
      end.abort();
      await wiring.close();
    },
  };
}

export function settingsText({ settings, repo }: { readonly settings: HostSettings; readonly repo: string }, publicUrl = 'http://127.0.0.1:8080'): string {
  return `apiVersion: slipway/v1
kind: Server
listen: { port: ${new URL(publicUrl).port} }
publicUrl: ${publicUrl}
repositories: [{ name: estate, host: git, repo: ${repo} }]
hosts: [${JSON.stringify(settings)}]
`;
}

/** Send a webhook as a host does. */
export function sendTo({ app }: Pick<Running, 'app'>, { headers, body }: HostRequest): Promise<Answer> {
  // It was sent to somewhere else before.
  const given = Object.entries(headers)
    .filter(([name]) => name.toLowerCase() !== 'host')
    .map(([name, value]) => [name, value ?? '']);
  return callApp(app, '/v1/hosts/git/webhook', { raw: body, headers: Object.fromEntries(given) });
}
