/**
 * What the engine costs per step: 1,000 steps that do nothing, one after another and side by side, with a full fsync for every transaction, against
 * plain node:sqlite appends of the same events in as many transactions in the same run. Prints one JSON line per shape; exit code 1 when a limit is missed.
 *
 * node bench/engine.ts
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { systemClock } from '../src/core/index.ts';
import { driveRun, type EventBody } from '../src/engine/index.ts';
import { openJournal } from '../src/journal/index.ts';
import type { PlanGraph } from '../src/plan/index.ts';
import { benchGraph, benchNode, chainOf } from './graphs.ts';

const STEPS = 1_000;
const LIMIT_MS_PER_STEP = 5;
const RUN_ID = 'run-20261123-0000000000';

function graphOf(shape: 'chain' | 'wide' | 'foreach'): PlanGraph {
  switch (shape) {
    case 'chain':
      return chainOf(STEPS);
    case 'wide':
      return benchGraph(Array.from({ length: STEPS }, (_, n) => benchNode(n)));
    case 'foreach':
      return benchGraph([benchNode(0, { foreach: Array.from({ length: STEPS }, (_, item) => item), maxParallel: 10 })]);
  }
}

interface Measured {
  readonly ms: number;
  /** Of it, inside transactions: what the disk takes. */
  readonly storeMs: number;
  readonly bodies: readonly string[];
  readonly transactions: number;
}

async function engine(dir: string, graph: PlanGraph): Promise<Measured> {
  let transactions = 0;
  let storeMs = 0;
  const onBoundary = (name: string): void => {
    storeMs += performance.now() * (name.startsWith('after') ? 1 : -1);
    transactions += Number(name.startsWith('after append'));
  };
  await using journal = openJournal<EventBody>({ dir, clock: systemClock, onBoundary });
  const run = { id: RUN_ID, runbook: 'bench', planDigest: 'sha256:bench', createdAt: 1, rehearsal: false, labels: {} } as const;
  const rest = { planDigest: 'sha256:bench', inputs: {}, actor: 'user:bench', rehearsal: false, checkout: '/', authors: [] } as const;
  await journal.create(run, { type: 'runCreated', graph, ...rest });
  storeMs = 0;
  const startedAt = performance.now();
  const { state } = await driveRun({
    ...{ runId: RUN_ID, journal, clock: systemClock, owner: 'bench:1', signal: new AbortController().signal },
    executor: { execute: async () => ({ state: 'ok', outputs: {} }), probe: async () => ({ verdict: 'unknown' }) },
    call: () => Promise.reject(new Error('nothing is called')),
  });
  const ms = performance.now() - startedAt;
  if (state !== 'succeeded') throw new Error(`the run ended ${state}`);
  return { ms, storeMs, transactions, bodies: (await journal.read(RUN_ID, 1)).map(({ body }) => JSON.stringify(body)) };
}

function plain(dir: string, { bodies, transactions }: Measured): number {
  const database = new DatabaseSync(join(dir, 'plain.db'));
  database.exec(
    'PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA fullfsync = ON; CREATE TABLE events (seq INTEGER PRIMARY KEY, body TEXT NOT NULL)',
  );
  const insert = database.prepare('INSERT INTO events (body) VALUES (?)');
  const each = Math.ceil(bodies.length / transactions);
  const startedAt = performance.now();
  for (let from = 0; from < bodies.length; from += each) {
    database.exec('BEGIN IMMEDIATE');
    for (const body of bodies.slice(from, from + each)) insert.run(body);
    database.exec('COMMIT');
  }
  const ms = performance.now() - startedAt;
  database.close();
  return ms;
}

const round = (value: number) => Math.round(value * 100) / 100;
for (const shape of ['chain', 'wide', 'foreach'] as const) {
  const dir = mkdtempSync(join(tmpdir(), 'slipway-bench-'));
  try {
    const measured = await engine(dir, graphOf(shape));
    const plainMs = plain(dir, measured);
    const msPerStep = (measured.ms - measured.storeMs) / STEPS;
    const line = {
      ...{ bench: 'engine', shape, steps: STEPS, events: measured.bodies.length, transactions: measured.transactions },
      ...{ engineMsPerStep: round(msPerStep), limitMsPerStep: LIMIT_MS_PER_STEP, totalMsPerStep: round(measured.ms / STEPS) },
      ...{ storeMs: round(measured.storeMs), plainSqliteMs: round(plainMs), ratioToPlain: round(measured.ms / plainMs) },
    };
    process.stdout.write(`${JSON.stringify(line)}\n`);
    if (msPerStep > LIMIT_MS_PER_STEP) process.exitCode = 1;
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}
