import type { Journal } from '../../../src/journal/index.ts';
import type { Body } from './place.ts';

/** How often each call is lied about, by its name; counted down. */
export type Lies = Partial<Record<Exclude<keyof Journal<Body>, symbol | 'follow'>, number>>;

/** A journal whose calls do what they are asked and then say that they failed: what a lost answer looks like to whoever cannot look it up. */
export function lying<J extends Journal<Body>>(journal: J, lies: Lies): J {
  return new Proxy(journal, {
    get: (target, name, receiver) => {
      const member: unknown = Reflect.get(target, name, receiver);
      const key = name as keyof Lies; // any other name has no lies
      if (typeof member !== 'function' || lies[key] === undefined) return member;
      return async (...args: readonly unknown[]) => {
        const result: unknown = await Reflect.apply(member, target, args);
        const left = lies[key] ?? 0;
        if (left <= 0) return result;
        lies[key] = left - 1;
        throw Object.assign(new Error(`${String(name)} was applied, and says that it failed`), { code: 'JOURNAL_IO' });
      };
    },
  });
}
