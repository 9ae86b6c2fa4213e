import { distributionOf, type Distribution } from './distribution.ts';
import type { Evidence } from './evidence.ts';
import { normalCdf } from './special.ts';
import type { Diagnostics } from './verdict.ts';

/** Mann and Whitney's test and Vargha and Delaney's effect size over all answers. They tell of any difference, also of harmless ones, and decide nothing. */
export function diagnosticsOf({ slots }: Pick<Evidence, 'slots'>): Diagnostics | null {
  const [baseline, candidate] = [distributionOf(slots.map((slot) => slot.baseline)), distributionOf(slots.map((slot) => slot.candidate))];
  return baseline.answers === 0 || candidate.answers === 0 ? null : mannWhitney(countsOf(baseline), countsOf(candidate));
}

type Counts = ReadonlyMap<number, number>;
/** The two-sided test of U with correction for ties and for continuity; p is 1 when all values are the same. */
export function mannWhitney(baseline: Counts, candidate: Counts): Diagnostics {
  const values = [...new Set([...baseline.keys(), ...candidate.keys()])].sort((a, b) => a - b);
  let [u, below, ties, n, m] = [0, 0, 0, 0, 0];
  for (const value of values) {
    const [old, fresh] = [baseline.get(value) ?? 0, candidate.get(value) ?? 0];
    u += fresh * (below + old / 2);
    below += old;
    ties += (old + fresh) ** 3 - (old + fresh);
    n += old;
    m += fresh;
  }
  const all = n + m;
  const deviation = Math.sqrt(((n * m) / 12) * (all + 1 - (all < 2 ? 0 : ties / (all * (all - 1)))));
  const gap = Math.max(0, Math.abs(u - (n * m) / 2) - 0.5);
  const p = deviation > 0 ? Math.min(1, 2 * normalCdf(-gap / deviation)) : 1;
  return { u, p, a12: u / (n * m) };
}

function countsOf({ values, cumulative }: Distribution): Counts {
  return new Map([...values].map((value, index) => [value, (cumulative[index] ?? 0) - (cumulative[index - 1] ?? 0)]));
}
