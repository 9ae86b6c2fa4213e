import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { createApp, type App, type RunJournal, type Wiring } from './app/index.ts';
import { type Config, packageDir, toolPaths, toolVersion } from './config/index.ts';
import { systemClock } from './core/index.ts';
import type { EventBody } from './engine/index.ts';
import type { JournalOptions } from './journal/index.ts';
import { createChannels, createHttp, createWebhooks } from './effects/index.ts';
import { journalOf, keepingOf } from './journal-of.ts';
import { loadPolicies, type PolicySet, testPolicies } from './policy/index.ts';
import { openRealWorld } from './world/real.ts';
import { openRehearsedWorld } from './world/rehearsed.ts';
import { shareStore } from './shared-store.ts';
import { telemetryOf } from './telemetry-of.ts';

/** What a test may listen to; a real process gives nothing. */
export type Watching = Pick<JournalOptions, 'onBoundary'>;

/** Everything the use cases need, built from the outside settings; nothing is opened before it is used. */
export async function openApp(config: Config, watching: Watching = {}): Promise<App> {
  const owner = `${hostname()}:${process.pid}:${Math.round(performance.timeOrigin)}`;
  const policies = new Map<string, PolicySet>();
  let opened: Promise<RunJournal> | undefined;
  let tools: Promise<Awaited<ReturnType<typeof toolPaths>>> | undefined;
  const paths = () => (tools ??= toolPaths(config));
  const journal = (): Promise<RunJournal> => (opened ??= journalOf<EventBody>(config, { isDead, ...watching }));
  const keeping = keepingOf(config, { isDead, ...watching });
  const telemetry = telemetryOf(config, slipwayVersion());
  return createApp({
    clock: systemClock,
    git: { env: config.children.base },
    owner,
    isDead,
    journal,
    ...keeping,
    store: shareStore(keeping.store),
    backend: config.pulumi.backend,
    telemetry,
    ...outwardOf(config),
    closeJournal: async () => {
      // One that could not be opened has told so already.
      await (await opened?.catch(() => undefined))?.[Symbol.asyncDispose]();
      await telemetry.close();
    },
    tools: async () => ({ slipway: slipwayVersion(), pulumi: toolVersion('pulumi'), opa: toolVersion('opa') }),
    ...(config.policyDir === join(config.root, 'policies') ? {} : { trustedPolicies: config.policyDir }),
    shippedPolicies: join(packageDir, 'policies'),
    loadPolicies: async (dir, signal) => {
      const set = await loadPolicies({ dir, opaPath: (await paths()).opa, cacheDir: join(config.cacheDir, 'policies'), signal });
      // The same policies are judged by one worker that stays warm; a new set has not started its own yet.
      const warm = policies.get(set.digest) ?? set;
      policies.set(set.digest, warm);
      return warm;
    },
    testPolicies: async (dir, signal) => testPolicies({ dir, opaPath: (await paths()).opa, signal }),
    openWorld: async (request) => {
      const building = { config, request, pulumi: (await paths()).pulumi, journal: await journal() };
      return request.rehearsal ? openRehearsedWorld(building, request.rehearsal) : openRealWorld(building);
    },
  });
}

/** Channels and endpoints; a connection is made when there is something to say. */
function outwardOf({ notify, mail, webhooks }: Config): Pick<Wiring, 'channels' | 'webhooks'> {
  const log = (line: string): void => void process.stderr.write(`${line}\n`);
  return {
    channels: createChannels({ channels: notify, mail, http: createHttp(), clock: systemClock, log }),
    webhooks: createWebhooks({ ...webhooks, clock: systemClock }),
  };
}

function slipwayVersion(): string {
  const manifest = JSON.parse(readFileSync(join(packageDir, 'package.json'), 'utf8')) as { version: string }; // our own file
  return manifest.version;
}

/** Only a process of this machine can be known to be dead. */
function isDead(owner: string): boolean {
  const [host, pid] = owner.split(':');
  if (host !== hostname() || pid === undefined) return false;
  try {
    process.kill(Number(pid), 0);
    return false;
  } catch (cause) {
    return cause instanceof Error && 'code' in cause && cause.code === 'ESRCH';
  }
}
