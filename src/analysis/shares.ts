import { clusteringOf, type Clustering, clusteringOfOne, effective, type PairedCount, sumOf, totalOf } from './clusters.ts';
import { type Bounds, clopperPearson, type Count, differenceBounds } from './proportions.ts';
import { ratioBounds } from './ratio-score.ts';
import { normalCdf, studentQuantile } from './special.ts';
import type { Method } from './verdict.ts';

/** Bounds of what is asked about shares, and how they were found. */
export interface ShareBounds extends Bounds {
  readonly estimate: number;
  readonly baseline: number | null;
  readonly candidate: number;
  readonly method: Method;
  readonly inflation: number | null;
}

/**
 * Difference of two shares, candidate minus baseline. Miettinen and Nurminen's score bounds, once for independent events and once for as many events as
 * the slots show them to be worth; the wider bound counts. Without any event the exact bound of the candidate takes their place.
 */
export function shareDifference(slots: readonly PairedCount[], confidence: number): ShareBounds {
  const [baseline, candidate] = [totalOf(slots, 'baseline'), totalOf(slots, 'candidate')];
  const rates = { baseline: baseline.events / baseline.trials, candidate: candidate.events / candidate.trials };
  const estimate = rates.candidate - rates.baseline;
  if (baseline.events + candidate.events === 0) {
    return { ...rates, estimate, ...differenceBounds(baseline, candidate, confidence), method: 'clopperPearson', inflation: 1 };
  }
  const clustering = clusteringOf(slots);
  if (clustering.wanders) return { ...rates, estimate, ...unknown(-1, 1) };
  const plain = differenceBounds(baseline, candidate, confidence);
  const worth = (count: Count) => effective(count, clustering.effect);
  const clustered = differenceBounds(worth(baseline), worth(candidate), studentConfidence(confidence, clustering));
  return { ...rates, estimate, ...wider(plain, clustered, ['miettinenNurminen', 'clusteredMiettinenNurminen']), inflation: clustering.effect };
}

/** How much the candidate's share falls short of the baseline's, as a fraction of it: 1 - candidate ÷ baseline. */
export function shareShortfall(slots: readonly PairedCount[], confidence: number): ShareBounds {
  const [baseline, candidate] = [totalOf(slots, 'baseline'), totalOf(slots, 'candidate')];
  const rates = { baseline: baseline.events / baseline.trials, candidate: candidate.events / candidate.trials };
  const estimate = 1 - rates.candidate / rates.baseline;
  const mirrored = ({ lower, upper }: Bounds): Bounds => ({ lower: 1 - upper, upper: 1 - lower });
  if (baseline.events === baseline.trials && candidate.events === candidate.trials) {
    const [old, fresh] = [clopperPearson(baseline, confidence), clopperPearson(candidate, confidence)];
    return { ...rates, estimate, lower: 1 - 1 / old.lower, upper: 1 - fresh.lower, method: 'clopperPearson', inflation: 1 };
  }
  const clustering = clusteringOf(slots);
  if (clustering.wanders) return { ...rates, estimate, ...unknown(-Infinity, 1) };
  const plain = mirrored(ratioBounds(baseline, candidate, confidence));
  const worth = (count: Count) => effective(count, clustering.effect);
  const clustered = mirrored(ratioBounds(worth(baseline), worth(candidate), studentConfidence(confidence, clustering)));
  return { ...rates, estimate, ...wider(plain, clustered, ['scoreRatio', 'clusteredScoreRatio']), inflation: clustering.effect };
}

/** One share: Clopper and Pearson's exact bounds, once for independent events and once for what the slots show them to be worth. */
export function oneShare(slots: readonly Count[], confidence: number): ShareBounds {
  const total = sumOf(slots);
  const rate = total.events / total.trials;
  const found = { baseline: null, candidate: rate, estimate: rate };
  const plain = clopperPearson(total, confidence);
  if (total.events === 0) return { ...found, ...plain, method: 'clopperPearson', inflation: 1 };
  const clustering = clusteringOfOne(slots);
  if (clustering.wanders) return { ...found, ...unknown(0, 1) };
  const clustered = clopperPearson(effective(total, clustering.effect), studentConfidence(confidence, clustering));
  return { ...found, ...wider(plain, clustered, ['clopperPearson', 'clusteredClopperPearson']), inflation: clustering.effect };
}

/** The normal confidence whose quantile is Student's: with few degrees of freedom more is needed to be as sure. */
function studentConfidence(confidence: number, { degrees }: Clustering): number {
  return Number.isFinite(degrees) ? Math.min(1 - 1e-9, normalCdf(studentQuantile(confidence, degrees))) : confidence;
}

function wider(plain: Bounds, clustered: Bounds, [usual, raised]: readonly [Method, Method]): Bounds & { readonly method: Method } {
  const method = clustered.upper > plain.upper ? raised : usual;
  return { lower: Math.min(plain.lower, clustered.lower), upper: Math.max(plain.upper, clustered.upper), method };
}

function unknown(lower: number, upper: number): Pick<ShareBounds, 'lower' | 'upper' | 'method' | 'inflation'> {
  return { lower, upper, method: 'wanders', inflation: null };
}
