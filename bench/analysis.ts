/**
 * How long the verdict over a dual run of 1,000,000 requests per side takes, from single latencies to the last sentence, against sorting the same
 * latencies (what an analysis that keeps raw samples does before it can begin). Prints one JSON line; exit code 1 when the limit is missed.
 *
 * node bench/analysis.ts
 */
import { compare, createHistogram, createRandom, type Evidence, type Metric, type Slot } from '../src/analysis/index.ts';

const N = 1_000_000;
const SLOTS = 60;
const LIMIT_MS = 1_000;
const METRICS: readonly Metric[] = [
  { name: 'latency', kind: 'latency', quantiles: { p50: 0.1, p95: 0.1, p99: 0.2 } },
  { name: 'errors', kind: 'rate', margin: 0.001 },
  { name: 'parity', kind: 'mismatch', max: 0.0001 },
];

const random = createRandom(1);
const latencies = () => Float64Array.from({ length: N }, () => 50 * Math.exp(0.6 * Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())));
const [baseline, candidate] = [latencies(), latencies()];

function arm(values: Float64Array, slot: number) {
  const histogram = createHistogram();
  const each = Math.floor(N / SLOTS);
  const end = slot === SLOTS - 1 ? N : (slot + 1) * each;
  for (let index = slot * each; index < end; index++) histogram.record(values[index] ?? 0);
  return { sent: end - slot * each, errors: { server: 0, transport: 0, timeout: 0 }, latency: histogram.encode() };
}

function verdict() {
  const slots: Slot[] = Array.from({ length: SLOTS }, (_, slot) => {
    const [old, fresh] = [arm(baseline, slot), arm(candidate, slot)];
    return { baseline: old, candidate: fresh, parity: { compared: old.sent, mismatches: 0 } };
  });
  const evidence: Evidence = {
    ...{ version: 1, algorithm: 'open-loop-pairs/1', seed: 1, startedAt: 0, slotMs: 60_000, timeoutMs: 10_000, rate: 278 },
    ...{ baseline: 'http://old', candidate: 'http://new', requests: [], ignore: [], samples: [], slots },
  };
  return { evidence, verdict: compare(evidence, METRICS) };
}

function timed<T>(work: () => T): { readonly ms: number; readonly value: T } {
  const startedAt = performance.now();
  const value = work();
  return { ms: performance.now() - startedAt, value };
}

const all = timed(verdict);
const judged = timed(() => compare(all.value.evidence, METRICS));
const naive = timed(() => [Float64Array.from(baseline).sort(), Float64Array.from(candidate).sort()]);
const round = (value: number) => Math.round(value * 100) / 100;
const line = {
  ...{ bench: 'analysis', requestsPerSide: N, verdict: all.value.verdict.verdict },
  ...{ totalMs: round(all.ms), judgeMs: round(judged.ms), sortMs: round(naive.ms), ratioToSort: round(all.ms / naive.ms), limitMs: LIMIT_MS },
  evidenceBytes: JSON.stringify(all.value.evidence).length,
};
process.stdout.write(`${JSON.stringify(line)}\n`);
if (all.ms > LIMIT_MS) process.exitCode = 1;
