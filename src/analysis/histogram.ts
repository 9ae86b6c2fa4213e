/** Values below 2^10 µs have buckets of their own; above, every power of two is cut into 512. */
const SUB_BITS = 9;
const SUB = 1 << SUB_BITS;
const LARGEST_US = 2 ** 31 - 1;

/** One more than the largest bucket index. */
export const BUCKETS = (30 - SUB_BITS) * SUB + 2 * SUB;

/** Bucket of a latency in milliseconds. Buckets are 1 µs wide up to 1 ms and at most 0.2 % of their value above; 35 minutes is the most. */
export function bucketOf(ms: number): number {
  const us = Math.min(LARGEST_US, Math.max(0, Math.round(ms * 1_000)));
  const shift = Math.max(0, 31 - Math.clz32(us) - SUB_BITS);
  return shift * SUB + (us >>> shift);
}

/** The middle of a bucket, in milliseconds; never 0, so that ratios exist. */
export function valueOf(bucket: number): number {
  const shift = Math.max(0, Math.floor(bucket / SUB) - 1);
  const us = (bucket - shift * SUB) * 2 ** shift + (2 ** shift - 1) / 2;
  return Math.max(0.5, us) / 1_000;
}

/** Width of a bucket, in milliseconds. */
export function widthOf(bucket: number): number {
  return 2 ** Math.max(0, Math.floor(bucket / SUB) - 1) / 1_000;
}

/** Latencies of one side in one slot of time, as counts by bucket. */
export interface Histogram {
  record(ms: number): void;
  /** Distance to the bucket before, count, distance, count …: short text for long tails. */
  encode(): number[];
}

export function createHistogram(): Histogram {
  // Most histograms of errors stay empty.
  let counts: Uint32Array | undefined;
  return {
    record: (ms) => {
      counts ??= new Uint32Array(BUCKETS);
      const bucket = bucketOf(ms);
      counts[bucket] = (counts[bucket] ?? 0) + 1;
    },
    encode: () => (counts === undefined ? [] : encode(counts)),
  };
}

/** Add an encoded histogram to counts by bucket. */
export function addEncoded(encoded: readonly number[], counts: Float64Array): void {
  let bucket = 0;
  for (let index = 0; index + 1 < encoded.length; index += 2) {
    bucket += encoded[index] ?? 0;
    counts[bucket] = (counts[bucket] ?? 0) + (encoded[index + 1] ?? 0);
  }
}

/** One encoded histogram of what several hold: the same as if all their values had gone into one. */
export function mergeEncoded(all: readonly (readonly number[])[]): number[] {
  const counts = new Float64Array(BUCKETS);
  for (const encoded of all) addEncoded(encoded, counts);
  return encode(counts);
}

function encode(counts: Uint32Array | Float64Array): number[] {
  const encoded: number[] = [];
  let before = 0;
  for (let bucket = 0; bucket < counts.length; bucket++) {
    const count = counts[bucket] ?? 0;
    if (count === 0) continue;
    encoded.push(bucket - before, count);
    before = bucket;
  }
  return encoded;
}
