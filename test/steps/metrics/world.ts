import assert from 'node:assert/strict';
import { type Clock, SlipwayError } from '../../../src/core/index.ts';
import type { MetricQuery, MetricsPort, Parts, Reading } from '../../../src/steps/index.ts';

/** A clock for several who sleep at once: when all of them do, it jumps to the first that wakes up. */
export function sharedClock(start: number): Clock & { readonly set: (by: number) => void } {
  const sleepers: { readonly at: number; readonly wake: () => void }[] = [];
  let [at, skipped] = [start, 0];
  const wakeFirst = (): void => {
    sleepers.sort((a, b) => a.at - b.at);
    const first = sleepers.shift();
    if (!first) return;
    at = Math.max(at, first.at);
    first.wake();
  };
  return {
    now: () => at + skipped,
    monotonic: () => at - start,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted) {
          reject(signal.reason as Error);
          return;
        }
        const sleeper = { at: at + Math.max(0, ms), wake: resolve };
        signal?.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
        sleepers.push(sleeper);
        // Whoever does not sleep goes on in microtasks, which are all done by then.
        setImmediate(wakeFirst);
      }),
    set: (by) => void (skipped += by),
  };
}

/** What a source says about a slot that ends at this time, asked now; undefined is a gap; a text is why it does not answer. */
export type Says = (part: string, endMs: number, nowMs: number) => number | undefined | string;

/** A world in which sources are functions, by their name or host. */
export function sources(clock: Clock, table: { readonly [name: string]: Says }): MetricsPort & { readonly asked: string[] } {
  const asked: string[] = [];
  const nameOf = (query: MetricQuery): string => (query.type === 'command' ? query.host : query.source.name);
  const readings = (query: MetricQuery, endMs: number): Parts<Reading> => {
    const says = table[nameOf(query)] ?? assert.fail(`no source ${nameOf(query)}`);
    const entries = Object.keys(query.parts).map((part): readonly [string, Reading] => {
      const said = says(part, endMs, clock.now());
      if (typeof said === 'string')
        throw new SlipwayError(said, `${nameOf(query)} said so`, { retry: said === 'METRIC_SOURCE_DOWN' ? 'afterBackoff' : 'never' });
      return [part, said === undefined ? { none: 'gap' } : { value: said }];
    });
    return Object.fromEntries(entries);
  };
  return {
    asked,
    latest: async (query) => {
      asked.push(`${nameOf(query)} now ${clock.now()}`);
      return readings(query, clock.now());
    },
    history: async (query, { fromMs, slotMs, count }) => {
      asked.push(`${nameOf(query)} ${fromMs} ${count}`);
      const slots = Array.from({ length: count }, (_, slot) => readings(query, fromMs + (slot + 1) * slotMs));
      const parts = Object.keys(query.parts) as readonly (keyof Parts<Reading>)[]; // keys of that record
      return Object.fromEntries(parts.map((part) => [part, slots.map((slot) => slot[part] ?? { none: 'gap' })]));
    },
  };
}
