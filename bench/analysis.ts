/**
 * How long the verdict over a dual run of 1,000,000 requests per side takes, from single latencies to the last sentence, against sorting the same
 * latencies (what an analysis that keeps raw samples does before it can begin), and how much memory it takes beyond that of the started process. The same with ten times as
 * many requests shows that neither evidence nor memory grow with them. Prints one JSON line; exit code 1 when a limit is missed.
 *
 * node bench/analysis.ts
 */
import { compare, createHistogram, createRandom, type Evidence, type Metric, type Slot } from '../src/analysis/index.ts';

const N = 1_000_000;
const MORE = 10 * N;
const SLOTS = 60;
const LIMIT_MS = 1_000;
const LIMIT_MIB = 100;
const METRICS: readonly Metric[] = [
  { name: 'latency', kind: 'latency', quantiles: { p50: 0.1, p95: 0.1, p99: 0.2 } },
  { name: 'errors', kind: 'rate', margin: 0.001 },
  { name: 'parity', kind: 'mismatch', max: 0.0001 },
  { name: 'answers', kind: 'throughput', margin: 0.01 },
];

const random = createRandom(1);
/** Drawn beforehand, so that neither drawing nor keeping a million numbers is measured; every request takes the next one. */
const pool = Float64Array.from({ length: 65_521 }, () => 50 * Math.exp(0.6 * Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())));
let next = 0;
function latency(): number {
  next = (next + 1) % pool.length;
  return pool[next] ?? 0;
}

function arm(requests: number) {
  const histogram = createHistogram();
  for (let index = 0; index < requests; index++) histogram.record(latency());
  return { sent: requests, errors: { server: 0, transport: 0, timeout: 0 }, latency: histogram.encode() };
}

function evidenceOf(requests: number): Evidence {
  const each = Math.floor(requests / SLOTS);
  const slots: Slot[] = Array.from({ length: SLOTS }, (_, slot) => {
    const many = slot === SLOTS - 1 ? requests - slot * each : each;
    return { baseline: arm(many), candidate: arm(many), parity: { compared: many, mismatches: 0 } };
  });
  return {
    ...{ version: 1, algorithm: 'open-loop-pairs/2', seed: 1, startedAt: 0, slotMs: 60_000, timeoutMs: 10_000, rate: 278 },
    ...{ baseline: 'http://old', candidate: 'http://new', requests: [], ignore: [], samples: [], slots },
  };
}

function timed<T>(work: () => T): { readonly ms: number; readonly value: T } {
  const startedAt = performance.now();
  const value = work();
  return { ms: performance.now() - startedAt, value };
}
const peakMiB = () => process.resourceUsage().maxRSS / 1_024;
const round = (value: number) => Math.round(value * 100) / 100;

const startMiB = peakMiB();
const all = timed(() => {
  const evidence = evidenceOf(N);
  return { evidence, verdict: compare(evidence, METRICS) };
});
const verdictMiB = peakMiB();
const judged = timed(() => compare(all.value.evidence, METRICS));
const more = timed(() => {
  const evidence = evidenceOf(MORE);
  return { evidence, verdict: compare(evidence, METRICS) };
});
const moreMiB = peakMiB();
const raw = [Float64Array.from({ length: N }, latency), Float64Array.from({ length: N }, latency)];
const naive = timed(() => raw.map((values) => Float64Array.from(values).sort()));
const size = (evidence: Evidence) => JSON.stringify(evidence).length;
const line = {
  ...{ bench: 'analysis', requestsPerSide: N, verdict: all.value.verdict.verdict },
  ...{ totalMs: round(all.ms), judgeMs: round(judged.ms), sortMs: round(naive.ms), ratioToSort: round(all.ms / naive.ms), limitMs: LIMIT_MS },
  ...{ startMiB: round(startMiB), tookMiB: round(verdictMiB - startMiB), limitMiB: LIMIT_MIB, evidenceBytes: size(all.value.evidence) },
  ...{
    tenTimes: { totalMs: round(more.ms), tookMiB: round(moreMiB - startMiB), evidenceBytes: size(more.value.evidence), verdict: more.value.verdict.verdict },
  },
};
process.stdout.write(`${JSON.stringify(line)}\n`);
if (all.ms > LIMIT_MS || verdictMiB - startMiB > LIMIT_MIB) process.exitCode = 1;
