/** Values by key, of which only those are kept that were used last. */
export interface Recent<V> {
  /** The value of a key, which counts as a use of it. */
  get(key: string): V | undefined;
  /** The same, or else the value that is made now and kept. When there are too many, the one whose last use is longest ago goes. What `make` throws is not kept. */
  use(key: string, make: () => V): V;
  /** Drop the value, unless another one has taken its place. */
  forget(key: string, value: V): void;
}

/** @param most values that are kept. */
export function createRecent<V extends object>(most: number): Recent<V> {
  // A map keeps the order in which keys came; a key that is used comes anew.
  const kept = new Map<string, V>();
  const get = (key: string): V | undefined => {
    const value = kept.get(key);
    if (value) {
      kept.delete(key);
      kept.set(key, value);
    }
    return value;
  };
  return {
    get,
    use: (key, make) => {
      const present = get(key);
      if (present) return present;
      const value = make();
      kept.set(key, value);
      const [oldest] = kept.keys();
      if (kept.size > most && oldest !== undefined) kept.delete(oldest);
      return value;
    },
    forget: (key, value) => {
      if (kept.get(key) === value) kept.delete(key);
    },
  };
}
