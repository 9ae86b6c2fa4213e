import type { Random } from './random.ts';
import { logGamma } from './special.ts';

/** Draws from Binomial(n, p), exact to double precision, by inversion of a table that covers ±9 standard deviations. */
export function binomialSampler(n: number, p: number): (random: Random) => number {
  const spread = 9 * Math.sqrt(n * p * (1 - p)) + 10;
  const from = Math.max(0, Math.floor(n * p - spread));
  const to = Math.min(n, Math.ceil(n * p + spread));
  const table = new Float64Array(to - from + 1);
  let sum = 0;
  for (let k = from; k <= to; k++) {
    const log = logGamma(n + 1) - logGamma(k + 1) - logGamma(n - k + 1) + k * Math.log(p) + (n - k) * Math.log1p(-p);
    sum += Math.exp(log);
    table[k - from] = sum;
  }
  return (random) => {
    const target = random() * sum;
    let [low, high] = [0, table.length - 1];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((table[middle] ?? 0) > target) high = middle;
      else low = middle + 1;
    }
    return from + low;
  };
}
