const FULL_ID = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;

/**
 * Ask once about commits by their full ids: what follows from those alone is the same for ever. Whoever asks by a name, such as that of a branch, is answered
 * anew; an error is no answer, and neither is `undefined`: git could not say. Neither is remembered.
 *
 * @param idsOf commits that the answer follows from.
 * @param most answers that are kept; the one that was not asked for longest goes first.
 */
export function remembering<A, T>(ask: (asked: A) => Promise<T>, idsOf: (asked: A) => readonly string[], most = 500): (asked: A) => Promise<T> {
  const kept = new Map<string, Promise<T>>();
  return (asked) => {
    const ids = idsOf(asked);
    if (!ids.every((id) => FULL_ID.test(id))) return ask(asked);
    const key = ids.join(' ');
    const known = kept.get(key) ?? ask(asked);
    kept.delete(key);
    kept.set(key, known);
    const [oldest] = kept.keys();
    if (kept.size > most && oldest !== undefined) kept.delete(oldest);
    const forget = (): boolean => kept.get(key) === known && kept.delete(key);
    known.then((answer) => answer === undefined && forget(), forget);
    return known;
  };
}
