/**
 * What our interpreter costs on Temporal: the same steps, which do nothing, as a runbook whose events are projected into a journal with full fsync, and as a
 * workflow written by hand with the plain SDK, on the same dev server, by turns in one run. Each round lasts for about half a minute, and what it leaves behind in
 * the server is over before the next one begins. Prints one JSON line per shape, with the ratio of what all rounds took; exit code 1 when a limit is missed. Says so
 * when the temporal program is not there.
 *
 * SLIPWAY_TEMPORAL=<program> node bench/temporal.ts
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
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
const ROUNDS = 3;
/**
 * The server sets a timer for everything that might not happen (a worker that is silent, a step that nobody takes, for up to 30 s), and looks at it when its time has
 * come. Rounds right after one another would pay for each other.
 */
const REST_MS = 32_000;
const SHAPES = [
  { shape: 'chain', runs: 12, steps: 120, atOnce: 1 },
  { shape: 'crowd', runs: 120, steps: 25, atOnce: 10 },
] as const;
type Shape = (typeof SHAPES)[number];

interface Place {
  readonly address: string;
  readonly journal: Journal<EventBody>;
  readonly client: Client;
}

async function bench(temporal: string): Promise<void> {
  Runtime.install({ logger: new DefaultLogger('ERROR'), shutdownSignals: [] });
  const dir = mkdtempSync(join(tmpdir(), 'slipway-bench-'));
  await using server = await startServer(temporal);
  const journal = openJournal<EventBody>({ dir, clock: systemClock });
  const connection = await Connection.connect({ address: server.address });
  const place: Place = { address: server.address, journal, client: new Client({ connection }) };
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

async function compare(place: Place, { shape, runs, steps, atOnce }: Shape): Promise<void> {
  const [hand, ours]: [number[], number[]] = [[], []];
  // The first, short round warms both up; then by turns, so that whatever else the machine does meets both.
  for (let round = 0; round <= ROUNDS; round++) {
    const load: Load = { shape, steps, atOnce, round, runs: round === 0 ? atOnce : runs };
    const times = [await afterRest(byHand, place, load), await afterRest(byUs, place, load)] as const;
    if (round === 0) continue;
    hand.push(times[0]);
    ours.push(times[1]);
  }
  const ratio = total(ours) / total(hand);
  const line = {
    ...{ bench: 'temporal', shape, runs, steps, atOnce, rounds: ROUNDS, handMsPerStep: rounded(median(hand)), slipwayMsPerStep: rounded(median(ours)) },
    ...{ ratio: rounded(ratio), limit: LIMIT, handRange: range(hand), slipwayRange: range(ours) },
  };
  process.stdout.write(`${JSON.stringify(line)}\n`);
  if (ratio > LIMIT) process.exitCode = 1;
}

interface Load extends Pick<Shape, 'shape' | 'steps' | 'atOnce'> {
  readonly runs: number;
  readonly round: number;
}

/** @returns milliseconds per step. */
async function afterRest(drive: typeof byHand, place: Place, load: Load): Promise<number> {
  await delay(REST_MS);
  return (await drive(place, load)) / (load.runs * load.steps);
}

async function byHand({ client }: Place, { shape, runs, steps, atOnce, round }: Load): Promise<number> {
  const ids = Array.from({ length: runs }, (_, n) => `hand-${shape}-${round}-${n}`);
  return timed(ids, atOnce, async (workflowId) => {
    const handle = await client.workflow.start('byHand', { workflowId, taskQueue: 'by-hand', args: [steps] });
    await handle.result();
  });
}

async function byUs({ address, journal, client }: Place, { shape, runs, steps, atOnce, round }: Load): Promise<number> {
  const graph = graphOf(Array.from({ length: steps }, (_, n) => node(`p/s${n}`, { needs: n === 0 ? [] : [`p/s${n - 1}`], with: { n } })));
  const runIds = Array.from({ length: runs }, (_, n) => `run-20261123-${shape.slice(0, 2)}${String(round).padStart(4, '0')}${String(n).padStart(4, '0')}`);
  for (const runId of runIds) await record(journal, { runId, graph });
  await using engine = engineAt(address);
  await engine.status('run-20261123-0000000000'); // connect before the clock starts, as for the other
  const ms = await timed(runIds, atOnce, async (runId) => {
    await engine.start({ runId, runbook: 'bench', environments: [] });
    await client.workflow.getHandle(runId).result();
  });
  for (const runId of runIds) {
    const { finished, seq } = stateOf(await journal.read(runId));
    if (finished?.state !== 'succeeded') throw new Error(`${runId} ended ${finished?.state ?? 'not'} at event ${seq}`);
  }
  return ms;
}

/** @returns milliseconds until all were done, some of them at once. */
async function timed(ids: readonly string[], atOnce: number, act: (id: string) => Promise<void>): Promise<number> {
  const waiting = [...ids];
  const since = performance.now();
  const lane = async (): Promise<void> => {
    for (let id = waiting.shift(); id !== undefined; id = waiting.shift()) await act(id);
  };
  await Promise.all(Array.from({ length: atOnce }, lane));
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

async function ourWorker({ address, journal }: Place, signal: AbortSignal): Promise<Working> {
  const engine = engineAt(address);
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
  return {
    ended: (async () => {
      await working;
      await engine[Symbol.asyncDispose]();
    })(),
  };
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
function range(all: readonly number[]): readonly [number, number] {
  return [rounded(Math.min(...all)), rounded(Math.max(...all))];
}

const program = process.env['SLIPWAY_TEMPORAL'];
if (program === undefined) {
  const leftOut = 'SLIPWAY_TEMPORAL does not name the temporal program; "npm run bench -- temporal" finds it once "npm run setup -- --temporal" has made it';
  process.stdout.write(`${JSON.stringify({ bench: 'temporal', leftOut })}\n`);
} else {
  await bench(program);
}
