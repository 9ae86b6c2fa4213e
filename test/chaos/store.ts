import { type Clock, SlipwayError, systemClock } from '../../src/core/index.ts';
import type { EventBody } from '../../src/engine/index.ts';
import { type Journal, openJournal } from '../../src/journal/index.ts';

/** Where the runs of a chaos test are kept. */
export type StoreSpec = { readonly kind: 'sqlite'; readonly dir: string };

/** Is the process of `chaos:<pid>` gone for certain? */
export function isDead(owner: string): boolean {
  try {
    process.kill(Number(owner.split(':')[1]), 0);
    return false;
  } catch {
    return true;
  }
}

export async function openStore(spec: StoreSpec, clock: Clock = systemClock): Promise<Journal<EventBody>> {
  return openJournal<EventBody>({ dir: spec.dir, clock, isDead });
}

/** A clock that is wrong by so much. */
export function skewed(offsetMs: number): Clock {
  return { ...systemClock, now: () => systemClock.now() + offsetMs };
}

const WRITES = ['append', 'setState', 'acquire', 'heartbeat', 'release', 'log'] as const;

/** A store that now and then reports an error for a write, made or not. */
export function unreliable(journal: Journal<EventBody>, rate: number, random: () => number): Journal<EventBody> {
  if (rate === 0) return journal;
  const wrapped = WRITES.map((name) => {
    const write = journal[name] as (...args: readonly unknown[]) => Promise<unknown>; // every one of them gives a promise
    const sometimes = async (...args: readonly unknown[]): Promise<unknown> => {
      const roll = random();
      if (roll < rate / 2) throw new SlipwayError('JOURNAL_IO', 'the store says no', { retry: 'pauseForHuman' });
      const result = await write(...args);
      if (roll < rate) throw new SlipwayError('JOURNAL_IO', 'the store says no, and has written', { retry: 'pauseForHuman' });
      return result;
    };
    return [name, sometimes] as const;
  });
  return { ...journal, ...Object.fromEntries(wrapped) };
}
