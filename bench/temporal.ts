/**
 * What our interpreter costs on Temporal: the same steps, which do nothing, as a runbook whose events are projected into a journal with full fsync, and as a
 * workflow written by hand with the plain SDK, on the same dev server, by turns in one run. A turn lasts for about two seconds, and who goes first changes each time:
 * a machine that others use too is a tenth slower or quicker for ten seconds at a time, which meets both like this, and made rounds of half a minute differ by a
 * fifth. The timers that a step leaves behind in the server fire in somebody's turn; ours leaves four and the other three, which together are two hundredths of
 * what the server does. Prints one JSON line per shape, with the ratio of what all turns took and that of each fourth of them; exit code 1 when a limit is missed.
 * Says so when the temporal program is not there.
 *
 * SLIPWAY_TEMPORAL=<program> node bench/temporal.ts
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { systemClock } from '../src/core/index.ts';
import { type EventBody, type Executor, type RemoteEngine, stateOf } from '../src/engine/index.ts';
import { openTemporal } from '../src/engine/temporal/index.ts';
import { type Journal, openJournal } from '../src/journal/index.ts';
import { graphOf, node, workKind } from '../test/engine/support.ts';
import { record } from '../test/engine/conformance/rig.ts';
import { startServer } from '../test/temporal/server.ts';

const LIMIT = 1.15;
/** Turns that warm both up, and are not counted. */
const WARM_UP = 4;
const PARTS = 4;
const SHAPES = [
  { shape: 'chain', turns: 48, runs: 1, steps: 120 },
  { shape: 'crowd', turns: 80, runs: 10, steps: 25 },
] as const;
type Shape = (typeof SHAPES)[number];

interface Place {
  readonly address: string;
  readonly journal: Journal<EventBody>;
  readonly client: Client;
  readonly engine: RemoteEngine;
}

async function bench(temporal: string): Promise<void> {
  Runtime.install({ logger: new DefaultLogger('ERROR'), shutdownSignals: [] });
  const dir = mkdtempSync(join(tmpdir(), 'slipway-bench-'));
  await using server = await startServer(temporal);
  const journal = openJournal<EventBody>({ dir, clock: systemClock });
  const connection = await Connection.connect({ address: server.address });
  await using engine = engineAt(server.address);
  const place: Place = { address: server.address, journal, client: new Client({ connection }), engine };
  const stop = new AbortController();
  const working = [await handWorker(place, stop.signal), await ourWorker(place, stop.signal)];
  try {
    for (const shape of SHAPES) await compare(place, shape);
  } finally {
    stop.abort();
    await Promise.all(working.map(({ ended }) => ended));
    await connection.close();
    await journal[Symbol.asyncDispose]();
    rmSync(dir, { recursive: true, force: true });
  }
}

async function compare(place: Place, { shape, turns, runs, steps }: Shape): Promise<void> {
  const [hand, ours]: [number[], number[]] = [[], []];
  for (let turn = 0; turn < WARM_UP + turns; turn++) {
    const load: Load = { shape, runs, steps, turn };
    const drive = { byHand: async () => hand.push(await byHand(place, load)), byUs: async () => ours.push(await byUs(place, load)) };
    for (const who of turn % 2 === 0 ? (['byHand', 'byUs'] as const) : (['byUs', 'byHand'] as const)) await drive[who]();
  }
  for (const times of [hand, ours]) times.splice(0, WARM_UP);
  const ratio = total(ours) / total(hand);
  const part = turns / PARTS;
  const partOf = (all: readonly number[], n: number): number => total(all.slice(n * part, (n + 1) * part));
  const line = {
    ...{ bench: 'temporal', shape, turns, runs, steps },
    ...{ handMsPerStep: rounded(median(hand) / (runs * steps)), slipwayMsPerStep: rounded(median(ours) / (runs * steps)) },
    ...{ ratio: rounded(ratio), limit: LIMIT, parts: Array.from({ length: PARTS }, (_, n) => rounded(partOf(ours, n) / partOf(hand, n))) },
  };
  process.stdout.write(`${JSON.stringify(line)}\n`);
  if (ratio > LIMIT) process.exitCode = 1;
}

interface Load extends Pick<Shape, 'shape' | 'runs' | 'steps'> {
  readonly turn: number;
}

/** @returns milliseconds until all runs of the turn were over; they go on at once. */
async function byHand({ client }: Place, { shape, runs, steps, turn }: Load): Promise<number> {
  const ids = Array.from({ length: runs }, (_, n) => `hand-${shape}-${turn}-${n}`);
  return timed(ids, async (workflowId) => {
    const handle = await client.workflow.start('byHand', { workflowId, taskQueue: 'by-hand', args: [steps] });
    await handle.result();
  });
}

async function byUs({ journal, client, engine }: Place, { shape, runs, steps, turn }: Load): Promise<number> {
  const graph = graphOf(Array.from({ length: steps }, (_, n) => node(`p/s${n}`, { needs: n === 0 ? [] : [`p/s${n - 1}`], with: { n } })));
  const runIds = Array.from({ length: runs }, (_, n) => `run-20261123-${shape.slice(0, 2)}${String(turn).padStart(4, '0')}${String(n).padStart(4, '0')}`);
  for (const runId of runIds) await record(journal, { runId, graph });
  const ms = await timed(runIds, async (runId) => {
    await engine.start({ runId, runbook: 'bench', environments: [] });
    await client.workflow.getHandle(runId).result();
  });
  for (const runId of runIds) {
    const { finished, seq } = stateOf(await journal.read(runId));
    if (finished?.state !== 'succeeded') throw new Error(`${runId} ended ${finished?.state ?? 'not'} at event ${seq}`);
  }
  return ms;
}

async function timed(ids: readonly string[], act: (id: string) => Promise<void>): Promise<number> {
  const since = performance.now();
  await Promise.all(ids.map(act));
  return performance.now() - since;
}

interface Working {
  readonly ended: Promise<void>;
}

async function handWorker({ address }: Place, signal: AbortSignal): Promise<Working> {
  const connection = await NativeConnection.connect({ address });
  const worker = await Worker.create({
    ...{ connection, taskQueue: 'by-hand', workflowsPath: join(import.meta.dirname, 'temporal', 'by-hand.ts') },
    activities: { work: async ({ n }: { readonly n: number }) => ({ n }) },
  });
  const stopped = new Promise<void>((done) => signal.addEventListener('abort', () => done(), { once: true }));
  return {
    ended: (async () => {
      await worker.runUntil(stopped);
      await connection.close();
    })(),
  };
}

function engineAt(address: string): RemoteEngine {
  const settings = { address, namespace: 'default', queue: 'slipway' };
  return openTemporal({ settings, cacheDir: join(tmpdir(), 'slipway-test-workflows'), kinds: [workKind([])] });
}

async function ourWorker({ journal, engine }: Place, signal: AbortSignal): Promise<Working> {
  const executor: Executor = {
    execute: async ({ with: input }) => ({ state: 'ok', outputs: { n: input['n'] ?? 0 } }),
    probe: async () => ({ verdict: 'notDone' }),
  };
  const { promise: ready, resolve } = Promise.withResolvers<void>();
  const toolsOf = async () => ({ executor, [Symbol.dispose]: () => undefined });
  const working = engine.work(
    { journal, clock: systemClock, toolsOf, release: async () => undefined, call: () => Promise.reject(new Error('nothing is called')) },
    { central: true, zones: [], signal, drainMs: 500, concurrency: 100, notice: () => undefined, ready: resolve },
  );
  await Promise.race([ready, working]);
  return { ended: working };
}

function median(all: readonly number[]): number {
  return all.toSorted((a, b) => a - b)[Math.floor(all.length / 2)] ?? 0;
}
function total(all: readonly number[]): number {
  return all.reduce((sum, each) => sum + each, 0);
}
function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}

const program = process.env['SLIPWAY_TEMPORAL'];
if (program === undefined) {
  const leftOut = 'SLIPWAY_TEMPORAL does not name the temporal program; "npm run bench -- temporal" finds it once "npm run setup -- --temporal" has made it';
  process.stdout.write(`${JSON.stringify({ bench: 'temporal', leftOut })}\n`);
} else {
  await bench(program);
}
