import type { WindowSpan } from '../types.ts';

/** Sort, and join what touches or overlaps; empty spans go. */
export function union(spans: readonly WindowSpan[]): readonly WindowSpan[] {
  const joined: { from: number; to: number }[] = [];
  for (const span of spans.filter(({ from, to }) => to > from).sort((a, b) => a.from - b.from)) {
    const last = joined.at(-1);
    if (last && span.from <= last.to) last.to = Math.max(last.to, span.to);
    else joined.push({ ...span });
  }
  return joined;
}

/** What is in `open` and not in `closed`. */
export function subtract(open: readonly WindowSpan[], closed: readonly WindowSpan[]): readonly WindowSpan[] {
  const holes = union(closed);
  return union(open).flatMap((span) => {
    const rest: WindowSpan[] = [];
    let from = span.from;
    for (const hole of holes) {
      if (hole.to <= from || hole.from >= span.to) continue;
      if (hole.from > from) rest.push({ from, to: hole.from });
      from = hole.to;
    }
    return from < span.to ? [...rest, { from, to: span.to }] : rest;
  });
}

/** What is in both. */
export function intersect(a: readonly WindowSpan[], b: readonly WindowSpan[]): readonly WindowSpan[] {
  return union(
    a.flatMap((left) => b.map((right) => ({ from: Math.max(left.from, right.from), to: Math.min(left.to, right.to) })).filter(({ from, to }) => to > from)),
  );
}

/** The span that holds the moment. */
export function spanAt(spans: readonly WindowSpan[], at: number): WindowSpan | undefined {
  return spans.find(({ from, to }) => from <= at && at < to);
}
