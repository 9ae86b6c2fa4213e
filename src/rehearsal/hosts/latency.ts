/** A repeatable stream of numbers from 0 to 1 (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** A log-normal time with this median: most near it, a few much longer, as real services answer. Milliseconds. */
export function logNormal(medianMs: number, random: () => number, spread = 0.35): number {
  const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  return medianMs * Math.exp(spread * normal);
}

/** A number that text always gives. */
export function seedOf(text: string): number {
  return text.split('').reduce((hash, char) => Math.imul(hash ^ char.charCodeAt(0), 16_777_619), 0x811c9dc5) >>> 0;
}
