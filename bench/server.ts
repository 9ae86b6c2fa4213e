/**
 * A real `slipway serve` in its own process while 50 runs execute, and Node's bare HTTP server in the same minute:
 *
 * - webhooks of a Git host at 200 a second, from when each was due to its answer; each acknowledged one must then be in the store, waiting or worked off, by its id
 * - as many webhooks, and as many reads of a run, as 16 connections get answered
 * - events of a run, from their time in the journal to whoever follows it (server-sent events), while those webhooks come
 *
 * The bare server keeps nothing and knows nobody, so the ratios say what durability, verification and access cost. Prints one JSON line; exit code 1 when something
 * was lost or refused, or when the 99th percentile is over 100 ms on a machine whose bare server stays below a fifth of that.
 *
 * node bench/server.ts [seconds of the first part, 10 unless told]
 */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readEvents } from '../src/remote/stream.ts';
import { removeAll } from '../test/server/site.ts';
import { atMost, atRate, delivery, quantiles } from './server/load.ts';
import { keptOf } from './server/kept.ts';
import { type Served, serveBare, serveBusy } from './server/site.ts';

const RUNS = 50;
const FOLLOWED = 10;
const LIMIT_P99_MS = 100;
const RATE = { perSecond: 200, seconds: Number(process.argv[2] ?? 10) };
const MOST = { connections: 16, seconds: 4 };
/** Numbers of the second part begin here, so that none is the copy of one of the first. */
const MOST_FROM = 1_000_000;
const WEBHOOK = '/v1/hosts/gh/webhook';

async function measureSlipway(dir: string) {
  await using served = await serveBusy(dir, RUNS);
  const { port, authorization, store } = served;
  const [followed] = await served.going();
  await using following = await follow(served);
  const rated = await atRate(port, (n) => delivery(WEBHOOK, n), RATE);
  const events = quantiles(await following.delays());
  const most = await atMost(port, (n) => delivery(WEBHOOK, MOST_FROM + n), MOST);
  const reads = await atMost(port, () => ({ path: `/v1/runs/${followed}`, headers: authorization }), MOST);
  const runs = (await served.going()).length;
  const kept = await keptOf(store, [...rated.acknowledged, ...most.acknowledged.map((n) => MOST_FROM + n)]);
  return { rated, events, most, reads, runs, kept };
}

async function measureBare(dir: string) {
  await using bare = await serveBare(dir);
  const rated = await atRate(bare.port, (n) => delivery('/', n), RATE);
  const most = await atMost(bare.port, (n) => delivery('/', n), MOST);
  const reads = await atMost(bare.port, () => ({ path: '/', headers: {} }), MOST);
  return { rated, most, reads };
}

/** Follow some of the runs; the clock of the server is ours, so that the time in an event can be compared. */
async function follow({ port, authorization, going }: Served): Promise<AsyncDisposable & { readonly delays: () => Promise<readonly number[]> }> {
  const over = new AbortController();
  const delays: number[] = [];
  const since = Date.now();
  const readers = (await going()).slice(0, FOLLOWED).map(async (run) => {
    const headers = { ...authorization, accept: 'text/event-stream' };
    const { body } = await fetch(`http://127.0.0.1:${port}/v1/runs/${run}/events`, { headers, signal: over.signal });
    if (!body) throw new Error(`nobody can follow ${run}`);
    for await (const { id, data } of readEvents(body)) {
      const at = id === undefined ? 0 : (JSON.parse(data) as { readonly at: number }).at; // what our own server writes
      if (at > since) delays.push(Date.now() - at);
    }
  });
  const ended = Promise.allSettled(readers);
  const stop = async (): Promise<void> => {
    over.abort();
    await ended;
  };
  return { delays: async () => stop().then(() => delays), [Symbol.asyncDispose]: stop };
}

const dir = mkdtempSync(join(tmpdir(), 'slipway-bench-'));
try {
  const slipway = await measureSlipway(dir);
  const bare = await measureBare(dir);
  const ratio = (one: number, other: number): number => Math.round((one / Math.max(other, 0.1)) * 100) / 100;
  const { sent, good, p50, p99, max } = slipway.rated;
  const line = {
    ...{ bench: 'server', ...RATE, runs: slipway.runs, sent, acknowledged: good, ...slipway.kept, p50Ms: p50, p99Ms: p99, maxMs: max },
    ...{
      bareP50Ms: bare.rated.p50,
      bareP99Ms: bare.rated.p99,
      limitP99Ms: LIMIT_P99_MS,
      ratioP50: ratio(p50, bare.rated.p50),
      ratioP99: ratio(p99, bare.rated.p99),
    },
    ...{ eventP50Ms: slipway.events.p50, eventP99Ms: slipway.events.p99 },
    ...{
      webhooksPerSecond: slipway.most.perSecond,
      bareWebhooksPerSecond: bare.most.perSecond,
      webhookShare: ratio(slipway.most.perSecond, bare.most.perSecond),
    },
    ...{ readsPerSecond: slipway.reads.perSecond, bareReadsPerSecond: bare.reads.perSecond, readShare: ratio(slipway.reads.perSecond, bare.reads.perSecond) },
  };
  process.stdout.write(`${JSON.stringify(line)}\n`);
  const isLate = p99 > LIMIT_P99_MS && bare.rated.p99 < LIMIT_P99_MS / 5;
  const isRefused = good !== sent || slipway.most.good !== slipway.most.sent || slipway.reads.good !== slipway.reads.sent;
  if (slipway.kept.lost + slipway.kept.dead > 0 || isRefused || slipway.runs < RUNS || isLate) process.exitCode = 1;
} finally {
  await removeAll(dir);
}
