/** Keys that stand for something the journal keeps elsewhere: sealed secrets, and values too large to travel. Values from outside may not have them. */
export const RESERVED_KEYS: readonly string[] = ['$secret', '$secretText', '$evidence'];
