/** One mistake of a person, where it is, and what to do about it. Lines and columns count from 1. */
export interface Problem {
  /** Stable, in upper snake case, for example `UNKNOWN_KEY`. */
  readonly code: string;
  readonly severity: 'error' | 'warning';
  /** Path as the person gave it; relative to the repository when there is one. */
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** Where in the document, for example `phases[1].steps[0].with.stack`; empty for the whole file. */
  readonly path: string;
  /** Lower case, names the wrong value, no full stop. */
  readonly message: string;
  /** What to change. */
  readonly hint?: string;
}

/** A value, or everything that is wrong with it. */
export type Parsed<T> =
  { readonly ok: true; readonly value: T; readonly problems: readonly Problem[] } | { readonly ok: false; readonly problems: readonly Problem[] };

/** The nearest known name, when it is near enough to be a slip of the finger (Damerau-Levenshtein, ⅓ of the length). */
export function didYouMean(wrong: string, known: Iterable<string>): string | undefined {
  let best: { name: string; distance: number } | undefined;
  for (const name of known) {
    const distance = editDistance(wrong.toLowerCase(), name.toLowerCase());
    if (distance <= Math.max(1, Math.floor(name.length / 3)) && distance < (best?.distance ?? Infinity)) best = { name, distance };
  }
  return best?.name;
}

function editDistance(a: string, b: string): number {
  let twoBack: number[] = [];
  let back = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const line = [row];
    for (let column = 1; column <= b.length; column++) {
      const cost = a[row - 1] === b[column - 1] ? 0 : 1;
      let least = Math.min((line[column - 1] ?? 0) + 1, (back[column] ?? 0) + 1, (back[column - 1] ?? 0) + cost);
      const swapped = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      if (swapped) least = Math.min(least, (twoBack[column - 2] ?? 0) + 1);
      line.push(least);
    }
    [twoBack, back] = [back, line];
  }
  return back[b.length] ?? 0;
}
