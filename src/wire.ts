import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { createApp, type App, type RunJournal, type Wiring } from './app/index.ts';
import { type Config, packageDir, toolPaths, toolVersion } from './config/index.ts';
import { systemClock } from './core/index.ts';
import type { EventBody, RemoteEngine } from './engine/index.ts';
import { remoteEngine } from './engine-of.ts';
import type { JournalOptions } from './journal/index.ts';
import { createChannels, createHttp, createWebhooks } from './effects/index.ts';
import { journalOf, keepingOf, storeOf } from './journal-of.ts';
import { loadPolicies, type PolicySet, testPolicies } from './policy/index.ts';
import { openGuardedWorld } from './world/guarded.ts';
import { openRealWorld } from './world/real.ts';
import { openRehearsedWorld } from './world/rehearsed.ts';
import type { Store } from './store/index.ts';
import { telemetryOf } from './telemetry-of.ts';

/** What a test may listen to; a real process gives nothing. */
export type Watching = Pick<JournalOptions, 'onBoundary'>;

/** Compiled policies that stay warm; a server meets new ones with every change of them. */
const MOST_WARM = 8;

/** The use cases over everything real. */
export async function openApp(config: Config, watching: Watching = {}): Promise<App> {
  return createApp(openWiring(config, watching));
}

/** Everything the use cases need, built from the outside settings; nothing is opened before it is used. */
export function openWiring(config: Config, watching: Watching = {}): Wiring {
  const owner = `${hostname()}:${process.pid}:${Math.round(performance.timeOrigin)}`;
  let opened: Promise<RunJournal> | undefined;
  let engine: Promise<RemoteEngine> | undefined;
  let store: Promise<Store> | undefined;
  let tools: Promise<Awaited<ReturnType<typeof toolPaths>>> | undefined;
  let versions: Awaited<ReturnType<Wiring['tools']>> | undefined;
  const paths = () => (tools ??= toolPaths(config));
  const journal = (): Promise<RunJournal> => (opened ??= journalOf<EventBody>(config, { isDead, ...watching }));
  const telemetry = telemetryOf(config, slipwayVersion());
  return {
    clock: systemClock,
    git: { env: config.children.base },
    owner,
    isDead,
    journal,
    ...(config.engine.kind === 'local' ? {} : { engine: () => (engine ??= remoteEngine(config)) }),
    ...keepingOf(config, { isDead, ...watching }),
    backend: config.pulumi.backend,
    telemetry,
    ...outwardOf(config),
    close: async () => {
      // What could not be opened has told so already.
      for (const each of [engine, store, opened]) await (await each?.catch(() => undefined))?.[Symbol.asyncDispose]();
      await telemetry.close();
    },
    store: async () => lent(await (store ??= storeOf(config, { isDead, ...watching }))),
    tools: async () => (versions ??= { slipway: slipwayVersion(), pulumi: toolVersion('pulumi'), opa: toolVersion('opa') }),
    ...policiesOf(config, paths),
    openWorld: async (request) => {
      const building = { config, request, pulumi: (await paths()).pulumi, journal: await journal() };
      if (request.rehearsal) return openRehearsedWorld(building, request.rehearsal);
      return request.isGuarded === true ? openGuardedWorld(building) : openRealWorld(building);
    },
  };
}

/** Channels and endpoints; a connection is made when there is something to say. */
function outwardOf({ notify, mail, webhooks }: Config): Pick<Wiring, 'channels' | 'webhooks'> {
  const log = (line: string): void => void process.stderr.write(`${line}\n`);
  return {
    channels: createChannels({ channels: notify, mail, http: createHttp(), clock: systemClock, log }),
    webhooks: createWebhooks({ ...webhooks, clock: systemClock }),
  };
}

/** Everybody works with the same open one; whoever is done with it does not close it for the others. */
function lent({ documents, queues, locks, audit }: Store): Store {
  return { documents, queues, locks, audit, [Symbol.asyncDispose]: async () => undefined };
}

type Policies = Pick<Wiring, 'trustedPolicies' | 'shippedPolicies' | 'loadPolicies' | 'testPolicies'>;

function policiesOf(config: Config, paths: () => ReturnType<typeof toolPaths>): Policies {
  const cacheDir = join(config.cacheDir, 'policies');
  return {
    ...(config.policyDir === join(config.root, 'policies') ? {} : { trustedPolicies: config.policyDir }),
    shippedPolicies: join(packageDir, 'policies'),
    loadPolicies: warmPolicies(async (dir, signal) => loadPolicies({ dir, opaPath: (await paths()).opa, cacheDir, signal })),
    testPolicies: async (dir, signal) => testPolicies({ dir, opaPath: (await paths()).opa, signal }),
  };
}

/** The same policies are judged by one worker that stays warm; a set that has just been loaded has not started its own yet. */
function warmPolicies(load: Wiring['loadPolicies']): Wiring['loadPolicies'] {
  const sets = new Map<string, PolicySet>();
  return async (dir, signal) => {
    const set = await load(dir, signal);
    const warm = sets.get(set.digest) ?? set;
    sets.delete(set.digest);
    sets.set(set.digest, warm);
    const [[oldest, cold] = []] = sets;
    if (sets.size > MOST_WARM && oldest !== undefined) {
      sets.delete(oldest);
      cold?.[Symbol.dispose](); // whoever still judges by it warms it again
    }
    return warm;
  };
}

export function slipwayVersion(): string {
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
