import { type Clock, Secret, SlipwayError, systemClock } from '../../src/core/index.ts';
import type { EventBody } from '../../src/engine/index.ts';
import { type Journal, openJournal, openPostgresJournal } from '../../src/journal/index.ts';

/** Where the runs of a chaos test are kept. */
export type StoreSpec =
  | { readonly kind: 'sqlite'; readonly dir: string }
  | {
      readonly kind: 'postgres';
      readonly host: string;
      readonly port: number;
      readonly database: string;
      readonly user: string;
      readonly password: string;
      readonly schema: string;
    };

/** Of a store that goes away with the test. */
const KEY = Buffer.alloc(32, 7).toString('base64');

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
  if (spec.kind === 'sqlite') return openJournal<EventBody>({ dir: spec.dir, clock, isDead });
  const { kind: _kind, password, ...rest } = spec;
  const connection = { ...rest, password: new Secret(password), tls: { mode: 'off' } } as const;
  return openPostgresJournal<EventBody>({ connection, clock, isDead, vaultKey: { from: 'setting', key: new Secret(KEY) } });
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
