import { expectedDuration } from '../../src/plan/index.ts';
import type { App, RunHandle } from '../../src/app/index.ts';
import { type CliDeps, runCli, type Settings } from '../../src/cli/index.ts';
import { type Clock, Secret } from '../../src/core/index.ts';
import type { JournalEvent } from '../../src/engine/index.ts';
import { kpisOf } from '../../src/report/index.ts';
import { created, facts, type Moment } from '../report/run/story.ts';

export const RUN = 'run-20261123-7k2m9qz4ab';

/** What a command line did, as its caller sees it. */
export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  /** Calls of the app, as `name(arguments without the session)`. */
  readonly calls: readonly string[];
}
export interface Options {
  readonly app?: Partial<App>;
  readonly settings?: Partial<Settings>;
  readonly deps?: Partial<CliDeps>;
  /** Called with a function that presses Ctrl-C, once the app is opened. */
  readonly onOpen?: (press: (signal?: 'SIGINT' | 'SIGTERM') => void) => void;
}

const clock: Clock = {
  now: () => Date.UTC(2026, 10, 23, 10, 1, 0),
  monotonic: () => 0,
  sleep: async (_ms, signal) => {
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(resolve, 5);
      signal?.addEventListener('abort', () => {
        clearTimeout(timer);
        reject(new Error('aborted'));
      });
    });
  },
};

/** Run a command line against a fake app; everything that is not overridden records its call and does nothing. */
export async function slipway(argv: readonly string[], options: Options = {}): Promise<Outcome> {
  const said = { stdout: '', stderr: '' };
  const calls: string[] = [];
  const handlers = new Set<() => void>();
  const terminators = new Set<() => void>();
  const io = {
    argv,
    version: '1.2.3',
    stdout: (text: string) => void (said.stdout += text),
    stderr: (text: string) => void (said.stderr += text),
  };
  const settings: Settings = {
    root: '/repo',
    stateDir: '/repo/.slipway',
    actor: 'user:ada',
    teams: ['cab'],
    terminal: { colour: { stdout: false, stderr: false }, redraw: false, columns: 100, rows: 30 },
    engine: { kind: 'local' },
    secretNamed: (name) => (name === 'DB_PASSWORD' ? new Secret('hunter2-hunter2') : undefined),
    ...options.settings,
  };
  const deps: CliDeps = {
    ...io,
    clock,
    stdin: async () => 'from-standard-input\n',
    settings: async () => ({ ok: true, value: settings, problems: [] }),
    openApp: async () => {
      options.onOpen?.((signal = 'SIGINT') => {
        for (const handler of signal === 'SIGINT' ? handlers : terminators) handler();
      });
      return recording({ ...quiet(), ...options.app }, calls);
    },
    diagnose: async () => [],
    serve: async () => undefined,
    openApi: async () => ({}),
    hooks: {
      install: async ({ folder, url, repository }) => {
        calls.push(`hookInstall(${folder},${url},${repository})`);
        return { hook: `${folder}/hooks/post-receive` };
      },
      send: async () => ({ sent: 2, waiting: 0 }),
      remove: async (folder) => void calls.push(`hookRemove(${folder})`),
    },
    onInterrupt: (handler) => {
      handlers.add(handler);
      return () => void handlers.delete(handler);
    },
    onTerminate: (handler) => {
      terminators.add(handler);
      return () => void terminators.delete(handler);
    },
    exitNow: (code) => void calls.push(`exitNow(${code})`),
    ...options.deps,
  };
  const code = await runCli(io, async () => deps);
  return { code, ...said, calls };
}

/** Write down every call, without the session, which is the same for all. */
function recording(app: App, calls: string[]): App {
  return new Proxy(app, {
    get: (target, name, receiver) => {
      const member: unknown = Reflect.get(target, name, receiver);
      if (typeof member !== 'function' || typeof name === 'symbol') return member;
      return (...args: readonly unknown[]) => {
        const shown = args.filter((arg) => !(typeof arg === 'object' && arg !== null && 'masker' in arg));
        calls.push(`${name}(${shown.map((arg) => JSON.stringify(arg)).join(', ')})`);
        return Reflect.apply(member, target, args) as unknown;
      };
    },
  });
}

/** A handle of a run that has ended. */
export function ended(state: 'succeeded' | 'failed' | 'rolledBack' = 'succeeded'): RunHandle {
  return { runId: RUN, done: Promise.resolve({ state }) };
}

/** An app with one finished run. */
export function withRun(moments: readonly Moment[], state: string): Partial<App> {
  const story = facts(moments, state);
  return {
    facts: async () => story,
    follow: async function* () {
      yield* story.events;
    },
    rehearse: async () => ended(),
    resume: async () => ended(),
  };
}

export const succeeded: readonly Moment[] = [created, [10, { type: 'runStarted' }], [2_000, { type: 'runFinished', state: 'succeeded', outputs: {} }]];

function quiet(): App {
  const story = facts(succeeded, 'succeeded');
  const events: readonly JournalEvent[] = story.events;
  return {
    validate: async () => ({ files: [], problems: [] }),
    schema: () => ({ type: 'object' }),
    plan: async () => ({ ok: false, problems: [] }),
    apply: async () => ended(),
    rehearse: async () => ended(),
    resume: async () => ended(),
    takeUp: async () => undefined,
    vote: async () => ({ path: 'cutover/@approval' }),
    cancel: async () => undefined,
    pause: async () => undefined,
    rollBack: async () => ({ requested: true, runId: RUN }),
    signalRun: async () => undefined,
    resolveTask: async () => undefined,
    settleHosts: async (_session, { path }) => ({ path, hosts: ['web-1', 'web-2'] }),
    retry: async (_session, runId, { path = 'a/b' }) => ({ runId, settled: [{ path }] }),
    runs: async () => [],
    facts: async () => story,
    follow: async function* () {
      yield* events;
    },
    logs: async () => [],
    analyses: async () => [],
    measuring: async () => [],
    verifyJournal: async () => ({ ok: true, text: 'the chain holds' }),
    overview: async () => ({ engine: 'local', counts: {}, drivers: [], open: [] }),
    repair: async () => [],
    work: async () => undefined,
    supervise: async () => undefined,
    tend: async () => undefined,
    operate: async () => undefined,
    schedules: async () => [],
    tickSchedules: async () => ({ fires: 0 }),
    drift: async () => [],
    checkDrift: async (_session, runbook) => ({ runbook, at: 0, state: 'clean', reasons: [], findings: [], compared: 1 }),
    deliveries: async () => [],
    retryDeliveries: async () => [],
    kpis: async () => kpisOf([], { from: 0, to: 86_400_000, committedAt: () => undefined }),
    metrics: async () => ({ text: '', contentType: 'text/plain' }),
    prune: async () => ({ runs: [RUN], stayed: [], evidence: 2, bytes: 3_000_000 }),
    exportRuns: async function* () {
      yield* ['{"format":"x"}', '{"end":0}'];
    },
    importRuns: async () => ({ imported: [RUN], same: [], refused: [] }),
    backUp: async () => ({ runs: 1, evidence: 2, bytes: 3_000_000, vaultKey: '0123456789abcdef' }),
    restore: async () => ({ runs: 1, evidence: 2, madeAt: 0, vaultKey: 'missing', before: '/repo/.slipway/journal.db.before-x' }),
    audit: async () => [],
    verifyAudit: async () => ({ ok: true, text: 'the chain holds' }),
    locks: async () => [],
    unlock: async () => ({ lock: 'hosts:web', released: true, runId: RUN }),
    policyTest: async () => ({ ok: true, text: '12 tests passed' }),
    policyCheck: async () => ({ decision: 'allow', findings: [] }),
    readPlan: () => Promise.reject(new Error('no plan in this test')),
    createToken: () => Promise.reject(new Error('no token in this test')),
    tokens: async () => [],
    revokeToken: () => Promise.reject(new Error('no token in this test')),
    expected: async (_session, bundle) => expectedDuration(bundle.body.graph, {}, {}),
    [Symbol.asyncDispose]: async () => undefined,
  };
}
