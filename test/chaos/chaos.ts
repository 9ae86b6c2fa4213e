import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { createRandom } from '../../src/analysis/index.ts';
import { isTerminal } from '../../src/engine/index.ts';
import { create } from '../engine/support.ts';
import { startPostgres } from '../support/postgres.ts';
import { checkRun } from './check.ts';
import { FAULTS, startCrew } from './faults.ts';
import { beHuman } from './people.ts';
import { graphsOf } from './runs.ts';
import { openStore, type StoreSpec } from './store.ts';
import { ledgerOf } from './work.ts';

export interface ChaosOptions {
  readonly seed: number;
  /** Runs that are open at once, as long as faults go on. */
  readonly runs: number;
  /** How long faults go on. */
  readonly seconds: number;
  /** Longest time in which nothing at all happens, once they have stopped, although something has not ended. */
  readonly standstillSeconds: number;
  readonly workers: number;
  readonly store: 'sqlite' | 'postgres';
  readonly say: (line: string) => void;
}
export interface ChaosReport {
  readonly seed: number;
  readonly runs: number;
  readonly faults: { readonly [fault: string]: number };
  readonly states: { readonly [state: string]: number };
  readonly effects: number;
  readonly events: number;
  /** Seconds from the last fault to the last end. */
  readonly healed: number;
  readonly broken: readonly string[];
}
/** Events of a broken run that are told. */
const LAST_EVENTS = 12;
const LEASE_TTL_MS = 3_000;

/** Let many runs live through faults, then let them end, and check every promise from outside. */
export async function chaos(options: ChaosOptions): Promise<ChaosReport> {
  const dir = mkdtempSync(join(tmpdir(), 'slipway-chaos-'));
  try {
    if (options.store === 'sqlite') return await chaosIn({ store: { kind: 'sqlite', dir }, dir }, options);
    await using server = await startPostgres();
    const { host, port, database, user, password, schema } = server.connection();
    const store: StoreSpec = { kind: 'postgres', host, port, database, user, password: password?.reveal() ?? '', schema };
    return await chaosIn({ store, dir, restart: () => server.stop('immediate').then(() => server.start()) }, options);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

interface Place {
  readonly store: StoreSpec;
  readonly dir: string;
  /** Kill the database and start it again. */
  readonly restart?: () => Promise<void>;
}

async function chaosIn({ store, dir, restart }: Place, options: ChaosOptions): Promise<ChaosReport> {
  const { seed, seconds, standstillSeconds, workers, say } = options;
  const ledger = join(dir, 'ledger');
  await using journal = await openStore(store);
  const ids: string[] = [];
  await topUp(journal, ids, options);
  const random = createRandom(seed, 'faults');
  const offsets = createRandom(seed, 'clocks');
  const crew = startCrew(workers, (generation, isCalm) => ({
    ...{ store, ledger, seed, stream: `worker ${generation}`, leaseTtlMs: LEASE_TTL_MS },
    errorRate: isCalm ? 0 : generation % 3 === 0 ? 0.02 : 0.002,
    // Every fourth worker has a clock that is wrong by more than a lease.
    clockOffsetMs: isCalm || generation % 4 !== 3 ? 0 : Math.round((offsets() - 0.5) * 20_000),
  }));
  const over = new AbortController();
  let isCalm = false;
  const people = beHuman({ journal, random: createRandom(seed, 'people'), signal: over.signal, isCalm: () => isCalm });
  try {
    const until = Date.now() + seconds * 1_000;
    while (Date.now() < until) {
      await delay(300 + random() * 1_500);
      await topUp(journal, ids, options);
      if (restart && random() < 0.15) {
        crew.counts['database'] = (crew.counts['database'] ?? 0) + 1;
        await restart();
      } else await crew.hit(FAULTS[Math.floor(random() * FAULTS.length)] ?? 'kill', Math.floor(random() * workers));
    }
    say(`faults: ${JSON.stringify(crew.counts)}; now everything may end`);
    isCalm = true;
    await crew.heal();
    const healed = await untilOver(journal, standstillSeconds);
    over.abort();
    await people;
    await crew.stop();
    const lines = ledgerOf(ledger);
    const stalled = lines.filter(({ what }) => what === 'stall').map(({ pid }) => pid);
    const unreliable = new Set([...crew.unreliable, ...stalled]);
    const faults = { ...crew.counts, stalled: new Set(stalled).size };
    const outside = { ledger: lines.filter(({ what }) => what !== 'stall'), unreliable };
    return { seed, runs: ids.length, faults, healed, ...(await verdict(journal, ids, outside)) };
  } finally {
    over.abort();
    await crew.stop();
  }
}

/** How a run ended, for whoever looks for the reason. */
async function tailOf(journal: Store, id: string): Promise<string> {
  const events = await journal.read(id);
  const { lease } = (await journal.run(id)) ?? {};
  return JSON.stringify({ lease, tail: events.slice(-LAST_EVENTS).map(({ seq, at, body }) => ({ seq, at, ...body })) });
}

type Store = Awaited<ReturnType<typeof openStore>>;

/** Keep so many runs open: a new one for each that has ended. */
async function topUp(journal: Store, ids: string[], { seed, runs }: ChaosOptions): Promise<void> {
  const open = (await journal.runs({ limit: 1_000_000 })).filter(({ state }) => !isTerminal(state)).length;
  const graphs = graphsOf(seed + ids.length, runs - open);
  for (const graph of graphs) {
    const runId = `run-20261128-${String(ids.length).padStart(10, '0')}`;
    ids.push(runId);
    await create({ journal, graph, kinds: [], runId, createdAt: ids.length });
  }
}

/** Until every run has ended, or nothing moves any more: how long it takes says only how many stand in line on how busy a machine. */
async function untilOver(journal: Store, standstillSeconds: number): Promise<number> {
  const since = Date.now();
  let [moved, events] = [since, -1];
  while (Date.now() - moved < standstillSeconds * 1_000) {
    const rows = await journal.runs({ limit: 1_000_000 });
    if (rows.every(({ state }) => isTerminal(state))) break;
    const now = rows.reduce((sum, { lastSeq }) => sum + lastSeq, 0);
    if (now !== events) [moved, events] = [Date.now(), now];
    await delay(250);
  }
  return (Date.now() - since) / 1_000;
}

async function verdict(
  journal: Store,
  ids: readonly string[],
  outside: Parameters<typeof checkRun>[2],
): Promise<Pick<ChaosReport, 'states' | 'effects' | 'events' | 'broken'>> {
  const broken: string[] = [];
  const states: Record<string, number> = {};
  let events = 0;
  for (const id of ids) {
    const row = await journal.run(id);
    states[row?.state ?? 'gone'] = (states[row?.state ?? 'gone'] ?? 0) + 1;
    events += row?.lastSeq ?? 0;
    try {
      await checkRun(journal, id, outside);
    } catch (cause) {
      broken.push(`${id}: ${cause instanceof Error ? cause.message : String(cause)}; ended with ${await tailOf(journal, id)}`);
    }
  }
  return { states, broken, events, effects: outside.ledger.filter(({ what }) => what === 'begin').length };
}
