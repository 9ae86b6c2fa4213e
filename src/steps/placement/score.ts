/** A place a workload could go. Cost in any one currency, latency in milliseconds. */
export interface Candidate {
  readonly name: string;
  readonly provider: string;
  readonly region: string;
  readonly zone?: string | undefined;
  readonly cost: number;
  readonly latencyMs: number;
}
export interface Weights {
  readonly cost: number;
  readonly latency: number;
}
/** What a place must fulfil; absent means anything goes. */
export interface Constraints {
  readonly providers?: readonly string[] | undefined;
  readonly regions?: readonly string[] | undefined;
  readonly zones?: readonly string[] | undefined;
  readonly maxCost?: number | undefined;
  readonly maxLatencyMs?: number | undefined;
}
export interface Score {
  readonly name: string;
  /** 0 to 1; 1 is best in every respect. 0 when the place is out. */
  readonly score: number;
  /** Why the place is out; empty when it is not. */
  readonly misses: readonly string[];
}

/**
 * Score places: each respect counts as best value ÷ own value, weighted. Places that break a constraint are out and take no part in
 * "best". Best first; equal scores by lower cost, lower latency, then name, so that the same question has the same answer.
 */
export function score(candidates: readonly Candidate[], weights: Weights, constraints: Constraints): readonly Score[] {
  const judged = candidates.map((candidate) => ({ candidate, misses: missesOf(candidate, constraints) }));
  const eligible = judged.filter(({ misses }) => misses.length === 0).map(({ candidate }) => candidate);
  const best = { cost: least(eligible.map(({ cost }) => cost)), latency: least(eligible.map(({ latencyMs }) => latencyMs)) };
  const total = weights.cost + weights.latency;
  const scored = judged.map(({ candidate, misses }) => {
    const { cost, latencyMs, name } = candidate;
    const sum = weights.cost * share(best.cost, cost) + weights.latency * share(best.latency, latencyMs);
    return { candidate, score: { name, score: misses.length > 0 ? 0 : sum / total, misses } };
  });
  return scored
    .sort((a, b) => b.score.score - a.score.score || a.score.misses.length - b.score.misses.length || byPreference(a.candidate, b.candidate))
    .map((each) => each.score);
}

function missesOf(candidate: Candidate, { providers, regions, zones, maxCost, maxLatencyMs }: Constraints): readonly string[] {
  const { provider, region, zone, cost, latencyMs } = candidate;
  return [
    providers !== undefined && !providers.includes(provider) ? `provider ${provider} is not allowed` : undefined,
    regions !== undefined && !regions.includes(region) ? `region ${region} is not allowed` : undefined,
    zones !== undefined && (zone === undefined || !zones.includes(zone)) ? `zone ${zone ?? 'unknown'} is not allowed` : undefined,
    maxCost !== undefined && cost > maxCost ? `cost ${cost} is over ${maxCost}` : undefined,
    maxLatencyMs !== undefined && latencyMs > maxLatencyMs ? `latency ${latencyMs} ms is over ${maxLatencyMs} ms` : undefined,
  ].filter((miss) => miss !== undefined);
}

function least(values: readonly number[]): number {
  return values.reduce((low, value) => Math.min(low, value), Infinity);
}
function share(best: number, value: number): number {
  return value === best ? 1 : best / value;
}
function byPreference(a: Candidate, b: Candidate): number {
  if (a.cost !== b.cost) return a.cost - b.cost;
  if (a.latencyMs !== b.latencyMs) return a.latencyMs - b.latencyMs;
  return a.name < b.name ? -1 : 1;
}
