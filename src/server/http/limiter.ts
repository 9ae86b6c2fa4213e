import { type Clock, EXIT, SlipwayError } from '../../core/index.ts';

/** How much of a limit is left. */
export interface Allowance {
  readonly limit: number;
  readonly remaining: number;
  /** Seconds until everything is there again. */
  readonly resetSeconds: number;
}
/** So many a minute for every key, in bursts of as many: a bucket that fills again all the time. */
export interface Limiter {
  /** Take one. @throws {SlipwayError} `RATE_LIMITED`. */
  take(key: string): Allowance;
  /** Is there anything left? Takes nothing. @throws {SlipwayError} `RATE_LIMITED`. */
  check(key: string): void;
}

const MOST_KEYS = 50_000;
const MINUTE_MS = 60_000;

/** Limits are kept in memory: each process of a server counts for itself. */
export function createLimiter(perMinute: number, clock: Clock): Limiter {
  const buckets = new Map<string, { left: number; at: number }>();
  const fill = (key: string): { left: number; at: number } => {
    const now = clock.monotonic();
    const known = buckets.get(key) ?? { left: perMinute, at: now };
    known.left = Math.min(perMinute, known.left + ((now - known.at) * perMinute) / MINUTE_MS);
    known.at = now;
    return known;
  };
  const limited = (left: number): SlipwayError =>
    new SlipwayError('RATE_LIMITED', `more than ${perMinute} a minute`, {
      exitCode: EXIT.locked,
      hint: `try again in ${Math.max(1, Math.ceil(((1 - left) * MINUTE_MS) / perMinute / 1_000))} s`,
    });
  return {
    take: (key) => {
      const bucket = fill(key);
      if (bucket.left < 1) throw limited(bucket.left);
      bucket.left -= 1;
      // The key that was used longest ago goes; a map keeps the order in which keys came.
      buckets.delete(key);
      buckets.set(key, bucket);
      const [oldest] = buckets.keys();
      if (buckets.size > MOST_KEYS && oldest !== undefined) buckets.delete(oldest);
      return { limit: perMinute, remaining: Math.floor(bucket.left), resetSeconds: Math.ceil(((perMinute - bucket.left) * 60) / perMinute) };
    },
    check: (key) => {
      const { left } = fill(key);
      if (left < 1) throw limited(left);
    },
  };
}
