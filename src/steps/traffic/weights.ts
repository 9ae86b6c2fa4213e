const MOST = 256;

/** Weight of each server of the two sides, 0 to 256 (HAProxy's range). */
export interface SideWeights {
  readonly baseline: number;
  readonly candidate: number;
}

/**
 * Server weights that give the candidate side its share, whatever the number of servers on each side. A side that gets any
 * share at all gets a weight of at least 1. Exact unless the numbers of servers force weights beyond 256.
 */
export function weightsFor(share: number, servers: { readonly baseline: number; readonly candidate: number }): SideWeights {
  const candidate = share * servers.baseline;
  const baseline = (100 - share) * servers.candidate;
  const divisor = gcd(candidate, baseline);
  const largest = Math.max(candidate, baseline) / divisor;
  const scale = largest > MOST ? MOST / largest / divisor : Math.floor(MOST / largest) / divisor;
  const fit = (weight: number) => (weight === 0 ? 0 : Math.max(1, Math.round(weight * scale)));
  return { baseline: fit(baseline), candidate: fit(candidate) };
}

/** The candidate's share in percent under these weights; undefined when no server has any. */
export function shareOf(baseline: readonly number[], candidate: readonly number[]): number | undefined {
  const total = (weights: readonly number[]) => weights.reduce((sum, weight) => sum + weight, 0);
  const all = total(baseline) + total(candidate);
  return all === 0 ? undefined : (100 * total(candidate)) / all;
}

function gcd(a: number, b: number): number {
  return b === 0 ? a : gcd(b, a % b);
}
