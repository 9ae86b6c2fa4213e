/** What a rehearsed application counts, as Prometheus would see it. */
export interface Counter {
  readonly name: string;
  readonly labels: { readonly [name: string]: string };
  value: number;
}
/** The counters of one machine; they begin at zero with the process, as those of an application do. */
export interface Counters {
  add(name: string, labels: Counter['labels']): void;
  all(): readonly Counter[];
}

/** Paths are what callers choose: so many are told apart, the others are counted together. */
const MOST = 200;

export function createCounters(): Counters {
  const known = new Map<string, Counter>();
  return {
    add: (name, labels) => {
      const wanted = JSON.stringify([name, labels]);
      const [key, kept] = known.has(wanted) || known.size < MOST ? [wanted, labels] : [`${name} other`, { ...labels, path: 'other' }];
      const counter = known.get(key) ?? { name, labels: kept, value: 0 };
      counter.value++;
      known.set(key, counter);
    },
    all: () => [...known.values()],
  };
}
