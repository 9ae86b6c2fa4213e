import type { RatioSample } from '../../analysis/index.ts';
import { formatDuration } from '../../core/index.ts';
import { type Burn, type BurnRule, resolutionOf, rulesOf } from './check-shape.ts';

/** Share of a short window's slots that must have data before it says anything. */
const COVERAGE = 0.5;

/** How fast the budget burned in the two windows of a rule: 1 is what the objective allows; null is unknown. */
export interface Burned extends BurnRule {
  readonly shortBurn: number | null;
  readonly longBurn: number | null;
  readonly isBreached: boolean;
}

/**
 * Burn rates of every rule. Both windows must burn too fast: the long one shows that it matters, the short one that it still goes on.
 * A short window with gaps for more than half of it, or without trials, says nothing; a long one counts what there is, because a
 * service may be younger than six hours.
 *
 * @param samples oldest first, the last one ends now.
 */
export function burnRates(samples: readonly RatioSample[], burn: Burn): readonly Burned[] {
  const perSlot = resolutionOf(burn);
  return rulesOf(burn).map((rule) => {
    const shortBurn = rateOf(samples.slice(-rule.short / perSlot), burn.objective, COVERAGE);
    const longBurn = rateOf(samples.slice(-rule.long / perSlot), burn.objective, 0);
    return { ...rule, shortBurn, longBurn, isBreached: (shortBurn ?? 0) > rule.factor && (longBurn ?? 0) > rule.factor };
  });
}

function rateOf(samples: readonly RatioSample[], objective: number, coverage: number): number | null {
  const known = samples.filter((sample) => sample !== null);
  const trials = known.reduce((sum, sample) => sum + sample.trials, 0);
  if (known.length < samples.length * coverage || trials === 0) return null;
  return known.reduce((sum, sample) => sum + sample.events, 0) / trials / (1 - objective);
}

/** `21x in 5 m and 18x in 1 h, at most 14.4x`. */
export function burnWords({ short, long, factor, shortBurn, longBurn }: Burned): string {
  const times = (burned: number | null) => (burned === null ? 'unknown' : `${Number(burned.toPrecision(3))}x`);
  return `${times(shortBurn)} in ${formatDuration(short)} and ${times(longBurn)} in ${formatDuration(long)}, at most ${factor}x`;
}
