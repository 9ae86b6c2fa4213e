import type { Counter } from '../counters.ts';
import type { Matcher } from './parse.ts';

export interface Series {
  readonly key: string;
  readonly samples: readonly { readonly at: number; readonly value: number }[];
}
/** What was scraped, for an hour. */
export interface History {
  scrape(counters: readonly Counter[], at: number): void;
  series(name: string, matchers: readonly Matcher[]): readonly Series[];
}

const KEPT_MS = 3_600_000;

interface Kept {
  readonly counter: Counter;
  readonly samples: { readonly at: number; readonly value: number }[];
}

export function createHistory(): History {
  const kept = new Map<string, Kept>();
  return {
    scrape: (counters, at) => {
      for (const counter of counters) {
        const key = `${counter.name}${JSON.stringify(counter.labels)}`;
        const one = kept.get(key) ?? { counter, samples: [] };
        one.samples.push({ at, value: counter.value });
        kept.set(key, one);
      }
      for (const { samples } of kept.values()) while ((samples[0]?.at ?? at) < at - KEPT_MS) samples.shift();
    },
    series: (name, matchers) =>
      [...kept].flatMap(([key, { counter, samples }]) => {
        const isWanted = counter.name === name && matchers.every(({ label, matches }) => matches(counter.labels[label] ?? ''));
        return isWanted ? [{ key: key.slice(name.length), samples }] : [];
      }),
  };
}
