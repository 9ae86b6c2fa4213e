import { type Arm, createHistogram, createRandom, type Evidence, type Random, type Slot } from '../../src/analysis/index.ts';

/** Standard normal values (Marsaglia's polar method). */
export function gauss(random: Random): () => number {
  return () => {
    for (;;) {
      const [u, v] = [2 * random() - 1, 2 * random() - 1];
      const s = u * u + v * v;
      if (s > 0 && s < 1) return u * Math.sqrt((-2 * Math.log(s)) / s);
    }
  };
}

export function arm(latencies: Iterable<number>, errors: Partial<Arm['errors']> = {}, refusedAt: Iterable<number> = []): Arm {
  const [histogram, refused] = [createHistogram(), createHistogram()];
  for (const ms of refusedAt) refused.record(ms);
  let answers = 0;
  for (const ms of latencies) {
    histogram.record(ms);
    answers++;
  }
  const all = { server: 0, transport: 0, timeout: 0, retry: 0, ...errors };
  return { sent: answers + all.server + all.transport + all.timeout + (all.retry ?? 0), errors: all, latency: histogram.encode(), refused: refused.encode() };
}

/** As many slots, each given its part of any whole number. */
export function evenly(slots: number, make: (share: (whole: number) => number) => Slot): Slot[] {
  return Array.from({ length: slots }, (_, index) => make((whole) => Math.floor((whole * (index + 1)) / slots) - Math.floor((whole * index) / slots)));
}

export function slot(baseline: Arm, candidate: Arm, mismatches = 0): Slot {
  return { baseline, candidate, parity: { compared: Math.min(baseline.sent, candidate.sent), mismatches } };
}

export function evidenceOf(slots: Slot[], more: Partial<Evidence> = {}): Evidence {
  return {
    ...{ version: 1, algorithm: 'open-loop-pairs/2', seed: 7, startedAt: 0, slotMs: 60_000, timeoutMs: 10_000, rate: 10 },
    ...{ baseline: 'http://old', candidate: 'http://new', requests: [{ method: 'GET', path: '/' }], ignore: [], samples: [] },
    slots,
    ...more,
  };
}

export interface World {
  readonly seed: number;
  /** Requests per side. */
  readonly n: number;
  readonly slots?: number;
  /** Candidate latency for a baseline draw. */
  readonly candidate?: (ms: number, random: Random) => number;
  /** Per-slot factor of the candidate alone, for example a slow drift. */
  readonly drift?: (slot: number) => number;
  /** Per-slot factor of both sides. */
  readonly both?: (slot: number) => number;
}

/** Log-normal latencies (median 50 ms, deviation 0.6) with a drift that both sides share, as in the simulations of the design. */
export function dualRun({ seed, n, slots = 60, candidate = (ms) => ms, drift = () => 1, both = () => 1 }: World): Evidence {
  const random = createRandom(seed, 'made');
  const normal = gauss(random);
  const draw = () => 50 * Math.exp(0.6 * normal());
  const each = Math.round(n / slots);
  return evidenceOf(
    Array.from({ length: slots }, (_, index) => {
      const shared = both(index) * Math.exp(0.1 * normal());
      const many = (value: () => number) => Array.from({ length: each }, value);
      return slot(arm(many(() => shared * draw())), arm(many(() => shared * drift(index) * candidate(draw(), random))));
    }),
  );
}
