import assert from 'node:assert/strict';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { after, before, describe, test } from 'node:test';
import { type JournalEvent, stateOf } from '../../src/engine/index.ts';
import { RULES } from '../../src/engine/temporal/settings.ts';
import { type Kept, keepAlive } from '../engine/conformance/killable.ts';
import { type Effect, type Outside } from '../engine/conformance/outside.ts';
import { outsideOf, record } from '../engine/conformance/rig.ts';
import { step } from '../engine/conformance/scenarios-flow.ts';
import { type Opened, sqlite } from '../engine/conformance/stores.ts';
import { begin, engineAt, type TemporalPlace } from '../engine/conformance/temporal.ts';
import { graphOf } from '../engine/support.ts';
import { until } from '../scenario/site.ts';
import { type DevServer, startServer } from './server.ts';

/**
 * kill -9 of the worker that just works, and of the server, with the settings that installations have: how long until the runs go on, and that nothing which
 * was recorded is done again. Each kill meets three runs. SLIPWAY_TRIALS sets how many kills.
 */

const TRIALS = Number(process.env['SLIPWAY_TRIALS'] ?? 7);
const RUNS = 3;
const LIMIT_MS = 10_000;
const STEPS = 6;
/** On a machine as busy as ours may be, a pause of this length says nothing. */
const STEP_MS = 300;

let server: DevServer;
let opened: Opened;
let outside: Outside;
let workers: readonly Kept[];
let place: TemporalPlace;
before(async () => {
  server = await startServer(process.env['SLIPWAY_TEMPORAL'] ?? '');
  opened = await sqlite.open(() => false);
  ({ outside } = outsideOf(opened.place.dir));
  place = { address: server.address, queue: 'takeover', cacheDir: join(tmpdir(), 'slipway-test-workflows'), rules: RULES };
  workers = [0, 1].map(() => keepAlive({ engine: 'temporal', place: opened.place, at: place }, async () => true));
  await using engine = engineAt(place, []);
  await until('a worker', async () => ((await engine.hasWorker()) ? true : undefined));
});
after(async () => {
  for (const worker of workers) await worker[Symbol.asyncDispose]();
  await opened[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

/** Three runs, something that ends a process in their middle, and how long each of them took to go on. */
async function trial(name: string, strike: (runIds: readonly string[]) => Promise<number>): Promise<readonly number[]> {
  const { journal } = opened;
  await using engine = engineAt(place, outsideOf(opened.place.dir).kinds);
  const graph = graphOf(Array.from({ length: STEPS }, (_, n) => step(`one/s${n}`, { ms: STEP_MS }, n === 0 ? {} : { needs: [`one/s${n - 1}`] })));
  const runIds = Array.from({ length: RUNS }, (_, n) => `run-20261123-${name}${n}`);
  for (const runId of runIds) await record(journal, { runId, graph });
  await Promise.all(runIds.map((runId) => begin(engine, runId)));
  const isMidway = (runId: string): boolean => outside.effects(runId).some(({ path, what }) => path === 'one/s2' && what === 'begin');
  await until('the middle of all runs', () => (runIds.every(isMidway) ? true : undefined));
  const struckAt = await strike(runIds);
  await Promise.all(runIds.map((runId) => until(`the end of ${runId}`, async () => stateOf(await journal.read(runId)).finished)));
  return await Promise.all(
    runIds.map(async (runId) => {
      const effects = outside.effects(runId);
      const events = await journal.read(runId);
      check(events, effects);
      assert.equal((await journal.verify(runId)).ok, true);
      const next = effects.find(({ what, at }) => what === 'begin' && at > struckAt);
      assert.ok(next, `${runId} had ended before it was struck`);
      return next.at - struckAt;
    }),
  );
}

/** Nothing with a recorded result began again, and nothing began without an intent. */
function check(events: readonly JournalEvent[], effects: readonly Effect[]): void {
  const data = stateOf(events);
  assert.equal(data.finished?.state, 'succeeded');
  for (const [path, { attempt }] of data.tasks) {
    const begins = effects.filter((effect) => effect.path === path && effect.what === 'begin');
    assert.ok(begins.length <= attempt, `${path} began ${begins.length} times for ${attempt} intents`);
    assert.equal(new Set(begins.map((effect) => effect.attempt)).size, begins.length, `${path}: an attempt began twice`);
    const finished = events.filter(({ body }) => body.type === 'stepFinished' && body.path === path);
    assert.equal(finished.length, 1, path);
    const at = finished[0]?.at ?? 0;
    assert.ok(
      begins.every((effect) => effect.at <= at),
      `${path} began again after its result was recorded`,
    );
  }
}

function tell(what: string, all: readonly number[]): void {
  const sorted = all.toSorted((a, b) => a - b);
  const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] ?? 0;
  process.stdout.write(
    `${JSON.stringify({ takeover: what, kills: TRIALS, runs: sorted.length, p50Ms: at(0.5), p95Ms: at(0.95), mostMs: at(1), limitMs: LIMIT_MS })}\n`,
  );
  assert.ok(at(0.95) <= LIMIT_MS, `${what}: runs went on after ${at(0.95)} ms at the 95th percentile`);
}

const name = (sort: string, n: number): string => `${sort}${String(n).padStart(8, '0')}`;

describe('take-over', () => {
  test(`${TRIALS} times kill -9 of the worker that works`, { timeout: 1_800_000 }, async () => {
    const all: number[] = [];
    for (let n = 0; n < TRIALS; n++) {
      const times = await trial(name('w', n), async (runIds) => {
        // Somewhere in the step, not always at the same point of it.
        await delay((n * 37) % STEP_MS);
        const working = outside.effects().findLast(({ runId, what }) => runIds.includes(runId) && what === 'begin')?.pid;
        const at = Date.now();
        await (workers.find(({ pid }) => pid() === working) ?? workers[0])?.kill();
        return at;
      });
      all.push(...times);
    }
    tell('worker', all);
  });

  test(`${TRIALS} times kill -9 of the server`, { timeout: 1_800_000 }, async () => {
    const all: number[] = [];
    for (let n = 0; n < TRIALS; n++) {
      const times = await trial(name('s', n), async () => {
        await delay((n * 37) % STEP_MS);
        const at = Date.now();
        await server.kill();
        await server.restart();
        return at;
      });
      all.push(...times);
    }
    tell('server', all);
  });
});
