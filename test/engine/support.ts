import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { createMasker, type JsonObject, SlipwayError, systemClock } from '../../src/core/index.ts';
import { createExecutor, type DriveOptions, driveRun, type EventBody, type Executor, type RunState } from '../../src/engine/index.ts';
import { type Journal, openJournal, type JournalOptions } from '../../src/journal/index.ts';
import type { HostRule, PlanGraph, PlanNode, PlanPhase } from '../../src/plan/index.ts';
import { type AnyKind, defineStep, type Host, type HostContext, type Ports, type StepContext } from '../../src/steps/index.ts';
import { approval, pause, runbookCall, switchKind, waitSignal } from '../../src/steps/control/index.ts';

/** What the fake outside did: one line per effect, in order. */
export type Ledger = string[];

type Behaviour = (context: StepContext) => Promise<JsonObject | undefined>;

/** A kind whose effect is a line in a ledger and whatever the test wants. */
export function workKind(ledger: Ledger, behaviour: Behaviour = async () => undefined): AnyKind {
  return defineStep({
    uses: 'test.work',
    summary: 'a step of a test',
    with: z.looseObject({}),
    outputs: z.looseObject({}),
    example: {},
    mutates: true,
    describe: () => 'work',
    target: 'none',
    idempotency: 'safe',
    execute: async (_input, context) => {
      ledger.push(context.path);
      const outputs = await behaviour(context);
      return { status: 'changed', outputs: outputs ?? {} };
    },
  });
}

/** A kind that runs on hosts and changes each. */
export function hostKind(behaviour: (context: HostContext) => Promise<unknown>): AnyKind {
  return defineStep({
    uses: 'test.hosts',
    summary: 'a step of a test on hosts',
    with: z.looseObject({}),
    outputs: z.looseObject({}),
    example: {},
    mutates: true,
    describe: () => 'work on hosts',
    target: 'hosts',
    idempotency: 'safe',
    executeHost: async (_input, context) => {
      await behaviour(context);
      return { status: 'changed', outputs: {} };
    },
  });
}

const RETRY = { attempts: 1, initialMs: 1, factor: 1, maxMs: 1, jitter: 'none', except: [] } as const;

export function node(path: string, rest: Partial<PlanNode> = {}): PlanNode {
  const [phase = ''] = path.split('/');
  return {
    path,
    phase,
    id: path.split('/').slice(1).join('-'),
    label: path,
    uses: 'test.work',
    role: 'step',
    needs: [],
    with: {},
    failFast: false,
    retry: RETRY,
    timeoutMs: 10_000,
    onFailure: 'fail',
    idempotency: 'safe',
    mutates: true,
    trigger: 'stepFailed',
    pointOfNoReturn: false,
    source: { file: 'test.yaml', line: 1 },
    ...rest,
  };
}

export function graphOf(nodes: readonly PlanNode[], rest: Partial<PlanGraph> = {}, phases: { readonly [id: string]: Partial<PlanPhase> } = {}): PlanGraph {
  const ids = [...new Set(nodes.map(({ phase }) => phase))];
  return {
    runbook: 'test',
    metadata: { name: 'test' },
    phases: ids.map((id) => {
      const own = nodes.filter(({ phase, role }) => phase === id && role === 'step').map(({ path }) => path);
      return { id, type: 'custom', onOverrun: 'finish', watch: [], nodes: own, waves: [own], ...phases[id] };
    }),
    nodes: Object.fromEntries(nodes.map((one) => [one.path, one])),
    hosts: {},
    sla: [],
    rollback: { on: ['stepFailed', 'healthFailed', 'approvalDenied', 'manual'], budgetMs: 60_000, git: 'none' },
    environment: {},
    outputs: {},
    calls: {},
    ...rest,
  };
}

export function hostRule(names: readonly string[], rest: Partial<HostRule> = {}): HostRule {
  return { pattern: 'all', names, serial: [{ fraction: 1 }], strategy: 'linear', anyErrorsFatal: false, runOnce: false, ...rest };
}

/** A journal in a folder of its own, removed afterwards. */
export function temporaryJournal(options: Partial<JournalOptions> = {}): { readonly journal: Journal<EventBody>; readonly dir: string } & AsyncDisposable {
  const dir = mkdtempSync(join(tmpdir(), 'slipway-journal-'));
  const journal = openJournal<EventBody>({ dir, clock: systemClock, ...options });
  return {
    journal,
    dir,
    [Symbol.asyncDispose]: async () => {
      await journal[Symbol.asyncDispose]();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

export const RUN_ID = 'run-20261123-0000000000';
export const kindsWith = (...kinds: readonly AnyKind[]) => {
  const byName = new Map([...kinds, approval, pause, runbookCall, switchKind, waitSignal].map((kind) => [kind.uses, kind]));
  return (uses: string): AnyKind | undefined => byName.get(uses);
};

export interface Setting {
  readonly journal: Journal<EventBody>;
  readonly graph: PlanGraph;
  readonly kinds: readonly AnyKind[];
  readonly rehearsal?: boolean;
  readonly actor?: string;
  readonly inputs?: JsonObject;
  readonly signal?: AbortSignal;
  readonly owner?: string;
  readonly runId?: string;
  readonly createdAt?: number;
  readonly leaseTtlMs?: number;
  readonly openSpill?: DriveOptions['openSpill'];
  readonly call?: DriveOptions['call'];
  readonly drain?: AbortSignal;
  readonly drainMs?: number;
  readonly locks?: DriveOptions['locks'];
}

export async function create({
  journal,
  graph,
  rehearsal = false,
  actor = 'user:ada',
  inputs = {},
  runId = RUN_ID,
  createdAt = systemClock.now(),
}: Setting): Promise<void> {
  const planDigest = 'sha256:test';
  await journal.create(
    {
      id: runId,
      runbook: 'test',
      planDigest,
      createdAt,
      rehearsal,
      labels: {},
      ...(graph.concurrency ? { concurrencyGroup: graph.concurrency.group } : {}),
    },
    { type: 'runCreated', planDigest, graph, inputs, actor, rehearsal, checkout: '/nowhere', authors: ['user:author'] },
  );
}

export function executorFor({ journal, kinds, runId = RUN_ID }: Setting): Executor {
  return createExecutor({
    runId,
    kindOf: kindsWith(...kinds),
    ports: {} as Ports, // test kinds use none
    host: (name) => ({ name, address: name, port: 22, user: 'test', groups: [], vars: {}, jump: [], login: {}, hostKeys: [] }) satisfies Host,
    clock: systemClock,
    masker: createMasker(),
    vault: journal,
    checkout: '/nowhere',
    rehearsal: false,
    graceMs: 200,
  });
}

export async function drive(setting: Setting): Promise<{ readonly state: RunState }> {
  const { journal, signal = new AbortController().signal, owner = 'test:1', kinds, runId = RUN_ID } = setting;
  return driveRun({
    runId,
    journal,
    executor: executorFor(setting),
    clock: systemClock,
    owner,
    signal,
    kindOf: kindsWith(...kinds),
    call: setting.call ?? (() => Promise.reject(new SlipwayError('NO_CALLS', 'this test calls no runbook'))),
    ...(setting.leaseTtlMs === undefined ? {} : { leaseTtlMs: setting.leaseTtlMs }),
    ...(setting.openSpill ? { openSpill: setting.openSpill } : {}),
    ...(setting.drain === undefined ? {} : { drain: setting.drain }),
    ...(setting.drainMs === undefined ? {} : { drainMs: setting.drainMs }),
    ...(setting.locks === undefined ? {} : { locks: setting.locks }),
  });
}

/** Create and drive. */
export async function runGraph(setting: Setting): Promise<{ readonly state: RunState; readonly types: readonly string[] }> {
  await create(setting);
  const { state } = await drive(setting);
  return { state, types: (await setting.journal.read(setting.runId ?? RUN_ID)).map(({ body }) => body.type) };
}
