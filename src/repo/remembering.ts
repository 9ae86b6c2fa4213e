import { createRecent } from '../core/index.ts';
import { FULL_ID } from './commits.ts';

/**
 * Ask once about commits by their full ids: what follows from those alone is the same for ever. Whoever asks by a name, such as that of a branch, is answered
 * anew; an error is no answer, and neither is `undefined`: git could not say. Neither is remembered.
 *
 * @param idsOf commits that the answer follows from.
 * @param most answers that are kept; the one that was not asked for longest goes first.
 */
export function remembering<A, T>(ask: (asked: A) => Promise<T>, idsOf: (asked: A) => readonly string[], most = 500): (asked: A) => Promise<T> {
  const kept = createRecent<Promise<T>>(most);
  return (asked) => {
    const ids = idsOf(asked);
    if (!ids.every((id) => FULL_ID.test(id))) return ask(asked);
    const key = ids.join(' ');
    const known = kept.use(key, () => ask(asked));
    const forget = (): void => kept.forget(key, known);
    known.then((answer) => (answer === undefined ? forget() : undefined), forget);
    return known;
  };
}
