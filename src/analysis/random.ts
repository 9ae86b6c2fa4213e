/** Numbers from 0 (included) to 1 (excluded); the same seed gives the same numbers on every machine. */
export type Random = () => number;

/**
 * A generator of its own for every purpose: the stream name keeps one metric's numbers from depending on what else is
 * measured. Small fast counter (sfc32), seeded through FNV-1a.
 */
export function createRandom(seed: number, stream = ''): Random {
  const text = `${seed}/${stream}`;
  let [a, b, c, counter] = [fnv(text, 0x811c9dc5), fnv(text, 0x1000193), fnv(text, 0x9e3779b9), 1];
  const next = () => {
    const sum = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum;
    c |= 0;
    return sum >>> 0;
  };
  for (let round = 0; round < 15; round++) next();
  return () => (next() * 2 ** 21 + (next() >>> 11)) / 2 ** 53;
}

function fnv(text: string, start: number): number {
  let hash = start;
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  return hash | 0;
}
