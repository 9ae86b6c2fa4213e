import type { NumericSample, RatioSample } from '../../analysis/index.ts';
import type { NoNumber, Parts, Reading } from './port.ts';

/** Sources extrapolate counts, so that of all trials a little more than all may seem to be events. */
const EXCESS = 1.05;

/** What a slot of a numeric metric holds. Without the number of observations it was asked for, a mean is no data. */
export function numericSample({ value, weight }: Parts<Reading>): NumericSample {
  const mean = numberOf(value);
  const observations = weight === undefined ? 1 : numberOf(weight);
  return mean === undefined || observations === undefined || observations <= 0 ? null : { value: mean, weight: observations };
}

/** What a slot of a ratio holds. Counts that contradict each other are no data. */
export function ratioSample(parts: Parts<Reading>, { absentIsZero = false }: { readonly absentIsZero?: boolean } = {}): RatioSample {
  const trials = numberOf(parts.trials);
  const events = numberOf(parts.events) ?? (absentIsZero && isGap(parts.events) && (trials ?? 0) > 0 ? 0 : undefined);
  if (trials === undefined || events === undefined || trials < 0 || events < 0 || events > trials * EXCESS) return null;
  return { events: Math.min(events, trials), trials };
}

/** Why there is no number, the first reason of all parts. */
export function noNumberOf(parts: Parts<Reading>): NoNumber | undefined {
  return Object.values(parts).flatMap((reading) => ('none' in reading ? [reading.none] : []))[0];
}

/** In words, after "no data: ". */
export const NO_NUMBER_WORDS: { readonly [reason in NoNumber]: string } = {
  gap: 'the source has none',
  notANumber: 'the answer is no number',
  manySeries: 'the answer is more than one series',
  stale: 'the newest number is too old',
  partial: 'the source warns that its answer is incomplete',
};

function numberOf(reading: Reading | undefined): number | undefined {
  return reading !== undefined && 'value' in reading && Number.isFinite(reading.value) ? reading.value : undefined;
}
function isGap(reading: Reading | undefined): boolean {
  return reading !== undefined && 'none' in reading && reading.none === 'gap';
}
