/** One moment at which a measurement that may be extended is judged. */
export interface Look {
  /** Slots that are measured by then. */
  readonly slots: number;
  /** Its part of the chance to be wrong; the parts of all looks add up to 1. */
  readonly share: number;
}

/** More looks would cost more confidence each than they save time. */
const MOST_LOOKS = 4;

/**
 * When to look at a measurement that goes on while it is undecided: at its planned length, then at even ratios up to its longest. The planned
 * length gets half of the chance to be wrong and the others share the rest, so that however it ends, the chance in all is what was asked.
 *
 * @param planned slots. @param most slots; fewer than planned means there is one look.
 */
export function planLooks(planned: number, most: number): readonly Look[] {
  if (most <= planned) return [{ slots: planned, share: 1 }];
  const more = Math.min(MOST_LOOKS - 1, Math.max(1, Math.round(Math.log(most / planned) / Math.log(1.5))));
  const later = Array.from({ length: more }, (_, index) => Math.round(planned * (most / planned) ** ((index + 1) / more)));
  return [{ slots: planned, share: 0.5 }, ...later.map((slots) => ({ slots, share: 0.5 / more }))];
}

/** Confidence of each bound at a look, when that of the whole measurement is `confidence`. */
export function confidenceAt({ share }: Pick<Look, 'share'>, confidence: number): number {
  return share === 1 ? confidence : 1 - (1 - confidence) * share;
}
