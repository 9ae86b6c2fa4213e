import type { MetricQuery } from './port.ts';

/** Questions under way to one source. */
const MOST_AT_ONCE = 8;
/** Lets some work at once; the others wait for their turn, in order. */
export type Turns = <T>(work: () => Promise<T>) => Promise<T>;
export type TurnsOf = (query: MetricQuery) => Turns;

/** Turns of each source, so that one that hangs does not keep the others waiting. */
export function createTurnsOf(): TurnsOf {
  const known = new Map<string, Turns>();
  return (query) => {
    const key = query.type === 'command' ? `host ${query.host}` : query.source.name;
    const turns = known.get(key) ?? createTurns();
    known.set(key, turns);
    return turns;
  };
}

function createTurns(): Turns {
  const waiting: (() => void)[] = [];
  let underWay = 0;
  return async (work) => {
    if (underWay >= MOST_AT_ONCE) await new Promise<void>((resolve) => waiting.push(resolve));
    else underWay++;
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else underWay--;
    }
  };
}
