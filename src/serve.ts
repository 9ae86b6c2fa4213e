import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import pino from 'pino';
import { createGate } from './access/index.ts';
import {
  createApp,
  createDesk,
  createHeads,
  createKeeper,
  createPulls,
  createTokens,
  type Log,
  plansHandler,
  planWith,
  type PulledRepository,
  QUEUES,
  readBundle,
  runsHandler,
  type ServedRepository,
  startWorker,
  storeCounts,
  sweepStore,
  type Wiring,
  type Worker,
} from './app/index.ts';
import type { ServeRequest } from './cli/index.ts';
import type { Config } from './config/index.ts';
import { createMasker, EXIT, messageOf, Secret, SlipwayError } from './core/index.ts';
import { createHttp } from './effects/index.ts';
import { type GitHost, openHost } from './githost/index.ts';
import { createServer, listen, type ReadySettings, readServerSettings, type ServerDeps } from './server/index.ts';
import { openWiring, slipwayVersion, type Watching } from './wire.ts';

/** What goes on has so long to end or to be handed over before everything is cut off. */
const LEAVE_MS = 25_000;
const CLOSE_MS = 3_000;
const SWEEP_RUNS_MS = 5_000;
const SWEEP_STORE_MS = 3_600_000;
const LOOK_MS = 30_000;

/**
 * Serve until told to leave. Whatever was acknowledged is durable, so that another process may go on with it.
 *
 * @throws {SlipwayError} `BAD_SERVER_SETTINGS` with `problems`, `CANNOT_LISTEN`, and what opening the journal, the store and the hosts throws.
 */
export async function serveFrom(config: Config, { file, leave }: ServeRequest, watching: Watching = {}): Promise<void> {
  const settings = readSettings(config, file);
  const log = pino({ base: { app: 'slipway' }, timestamp: pino.stdTimeFunctions.isoTime }, pino.destination({ dest: 2, sync: true }));
  const wiring = openWiring(config, watching);
  const end = new AbortController();
  try {
    const parts = await openParts({ config, settings, wiring, log, leave, signal: end.signal });
    const server = await listen(createServer(parts.deps, { fetch: (url, options) => fetch(url, options) }), settings);
    log.info({ port: server.port, host: settings.listen.host, publicUrl: settings.publicUrl, tls: settings.tlsFiles !== undefined }, 'serving');
    const stopTending = tend(parts.deps, log);
    const operating = operateIn(parts.deps).catch((cause: unknown) => log.error({ error: messageOf(cause) }, 'nothing happens by itself any more'));
    await using metrics = await wiring.telemetry.listen(() => storeCounts(wiring));
    if (metrics) log.info({ port: metrics.port }, 'metrics are given');
    await aborted(leave);
    log.info({ runs: parts.deps.keeper.running }, 'leaving: nothing new is taken, runs are handed over');
    await handOver({ ...parts, operating }, wiring, log);
    stopTending();
    end.abort(new SlipwayError('TERMINATED', 'the server has stopped'));
    await server.close(CLOSE_MS);
    log.info({}, 'gone');
  } finally {
    end.abort();
    await wiring.close();
  }
}

export interface Opening {
  readonly config: Config;
  readonly settings: ReadySettings;
  readonly wiring: Wiring;
  readonly log: Log;
  readonly leave: AbortSignal;
  readonly signal: AbortSignal;
}
export interface Parts {
  readonly deps: ServerDeps;
  readonly worker: Worker;
}

/** Put everything together; a test may do so without a socket. */
export async function openParts({ config, settings, wiring, log, leave: drain, signal }: Opening): Promise<Parts> {
  const { clock, journal } = wiring;
  const { stateDir } = config;
  const store = await wiring.store();
  const hosts = await openHosts(config, settings, wiring);
  const app = createApp(wiring);
  const heads = createHeads({ wiring, repositories: settings.repositories.map((each) => repositoryOf(each, settings, hosts)), stateDir, signal });
  const gate = createGate({ clock, audit: async (entry) => void (await store.audit.append(entry)) });
  const keeper = createKeeper({ app, clock, log, session: { actor: 'system', teams: [], root: stateDir, stateDir, signal, drain, isTold: true } });
  const carrying = {
    store,
    journal,
    heads,
    gate,
    clock,
    app,
    keeper,
    log,
    session: { stateDir, signal, drain, isTold: true } as const,
    mostRuns: settings.limits.runs,
  };
  const pulls = createPulls({
    ...carrying,
    ...{ wiring, repositories: pulledRepositories(settings, hosts), settings: settings.pulls },
    wake: (queue) => worker.wake(queue),
    runUrl: (runId) => `${settings.publicUrl}/runs/${runId}`,
  });
  const handlers = { [QUEUES.run]: runsHandler(carrying), [QUEUES.plan]: plansHandler(carrying), ...pulls };
  const worker: Worker = startWorker({ store, handlers, owner: wiring.owner, clock, log, drain, signal });
  const desk = createDesk({ store, journal, heads, gate, clock, signal, wake: worker.wake });
  const deps: ServerDeps = {
    ...{ settings, app, desk, heads, gate, keeper, store, clock, log, stateDir, signal, drain },
    ...{ tokens: createTokens(store, clock), version: slipwayVersion(), receivers: hosts, wake: worker.wake },
    bundle: (digest) => readBundle(carrying, digest),
    planWith: (digest) => planWith(carrying, digest),
  };
  return { deps, worker };
}

/** Runs are driven on, the branches are followed, and what is over is forgotten. */
function tend({ keeper, heads, store, clock }: ServerDeps, log: Log): () => void {
  const quietly =
    (what: string, act: () => Promise<unknown>, about: object = {}) =>
    (): void =>
      void act().catch((cause: unknown) => log.warn({ ...about, error: messageOf(cause) }, what));
  const look = (): void => heads.names.forEach((repository) => quietly('a repository cannot be read', () => heads.fetched(repository), { repository })());
  const sweep = quietly('runs cannot be looked through', () => keeper.sweep());
  look();
  sweep();
  const timers = [
    setInterval(sweep, SWEEP_RUNS_MS),
    setInterval(look, LOOK_MS),
    setInterval(
      quietly('old records cannot be removed', () => sweepStore(store, clock.now())),
      SWEEP_STORE_MS,
    ),
  ];
  return () => timers.forEach((timer) => clearInterval(timer));
}

/** What happens by itself in the served repositories. One that cannot be read now is looked at the next time. */
function operateIn({ app, heads, settings, stateDir, signal, drain, log }: ServerDeps): Promise<void> {
  const notice = (line: string): void => log.warn({}, line);
  return app.operate(
    { actor: 'system', teams: [], root: stateDir, stateDir, masker: createMasker(), signal, drain, notice },
    {
      ...{ schedules: true, labels: { server: true }, source: settings.publicUrl },
      heads: async () =>
        (await Promise.allSettled(heads.names.map((name) => heads.recent(name)))).flatMap((head) => (head.status === 'fulfilled' ? [head.value] : [])),
    },
  );
}

async function handOver({ deps, worker, operating }: Parts & { readonly operating: Promise<void> }, { clock }: Wiring, log: Log): Promise<void> {
  const over = new AbortController();
  const late = clock.sleep(LEAVE_MS, over.signal).then(
    () => log.warn({ runs: deps.keeper.running }, 'not everything ended in time; whoever comes next looks at it'),
    () => undefined,
  );
  await Promise.race([Promise.all([worker.stopped, deps.keeper.settled(), operating]), late]);
  over.abort();
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((done) => (signal.aborted ? done() : signal.addEventListener('abort', () => done(), { once: true })));
}

function readSettings(config: Config, file: string): ReadySettings {
  const text = textAt(resolve(file));
  if (text === undefined)
    throw new SlipwayError('BAD_SERVER_SETTINGS', `cannot read ${file}`, { exitCode: EXIT.usage, hint: 'check the path and its permissions' });
  const parsed = readServerSettings(text, file, { secretAt: (reference) => secretAt(config, reference), textAt });
  if (parsed.ok) return parsed.value;
  const count = parsed.problems.length;
  throw new SlipwayError('BAD_SERVER_SETTINGS', `the server does not start: ${count} mistake${count === 1 ? '' : 's'} in ${file}`, {
    ...{ exitCode: EXIT.usage, hint: 'mend what is listed above', problems: parsed.problems },
  });
}

function secretAt({ secretNamed }: Config, reference: string): Secret | undefined {
  if (reference.startsWith('env:')) return secretNamed(reference.slice('env:'.length));
  const text = textAt(reference.slice('file:'.length))?.replace(/\r?\n$/, '');
  return text === undefined || text === '' ? undefined : new Secret(text);
}

function textAt(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined; // said with its place in the settings
  }
}

async function openHosts(config: Config, { hosts }: ReadySettings, { clock, git }: Wiring): Promise<ReadonlyMap<string, GitHost>> {
  const opened = hosts.map(async (settings) => {
    const host = await openHost(settings, {
      exchange: ({ caFile }) => {
        const http = createHttp(caFile === undefined ? {} : { ca: readFileSync(caFile, 'utf8') });
        return (request, signal) => http.request(request, signal);
      },
      ...{ clock, chance: Math.random, env: git.env },
      secret: async (reference) => {
        const secret = secretAt(config, reference);
        if (secret) return secret;
        throw new SlipwayError('MISSING_SECRET', `${reference} of the host ${settings.name} holds no secret`, { exitCode: EXIT.usage });
      },
    });
    return [settings.name, host] as const;
  });
  return new Map(await Promise.all(opened));
}

/** Repositories of hosts that have pull requests. */
function pulledRepositories({ repositories }: ReadySettings, hosts: ReadonlyMap<string, GitHost>): readonly PulledRepository[] {
  return repositories.flatMap(({ name, branch, host: hostName, repo }) => {
    const host = hosts.get(hostName ?? '');
    return host?.can.pulls === true && repo !== undefined ? [{ name, branch, host, repo }] : [];
  });
}

function repositoryOf(
  { name, branch, folder, url, host, repo }: ReadySettings['repositories'][number],
  settings: ReadySettings,
  hosts: ReadonlyMap<string, GitHost>,
): ServedRepository {
  return {
    ...{ name, branch },
    access: async () => {
      if (folder !== undefined) return { url: pathToFileURL(folder).href };
      if (url !== undefined) {
        const authorization = settings.authorizations.get(name);
        return { url, ...(authorization ? { authorization } : {}) };
      }
      const access = await hosts.get(host ?? '')?.clone(repo ?? '');
      if (access) return access;
      throw new SlipwayError('UNKNOWN_HOST', `the repository ${name} has no source`, { exitCode: EXIT.usage });
    },
  };
}
