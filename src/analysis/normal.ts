import type { Random } from './random.ts';

/** Draws from the standard normal distribution (Marsaglia's polar method). */
export function normalSampler(random: Random): () => number {
  let spare: number | undefined;
  return () => {
    if (spare !== undefined) {
      const value = spare;
      spare = undefined;
      return value;
    }
    for (;;) {
      const [u, v] = [2 * random() - 1, 2 * random() - 1];
      const s = u * u + v * v;
      if (s === 0 || s >= 1) continue;
      const factor = Math.sqrt((-2 * Math.log(s)) / s);
      spare = v * factor;
      return u * factor;
    }
  };
}

/** Above so many degrees chi-squared is drawn through the cube of a normal value (Wilson and Hilferty 1931). */
const MANY = 20;

/** Draws the factor that makes a normal value one of Student's t: √(degrees ÷ chi-squared). */
export function studentScale(random: Random, degrees: number): () => number {
  const normal = normalSampler(random);
  if (degrees > MANY) {
    const small = 2 / (9 * degrees);
    return () => Math.max(0.1, 1 - small + normal() * Math.sqrt(small)) ** -1.5;
  }
  return () => {
    let square = 0;
    for (let index = 0; index < degrees; index++) square += normal() ** 2;
    return Math.sqrt(degrees / square);
  };
}
