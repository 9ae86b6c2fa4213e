/** Longest line that is kept, in UTF-16 units; a longer one is broken. */
export const LONGEST_LINE = 16_384;

/** Text that comes in pieces, as lines. */
export interface Lines {
  /** @returns the lines that are whole by now. */
  push(piece: string): readonly string[];
  /** The last line, when it has no end. */
  end(): readonly string[];
}

export function createLines(): Lines {
  let open = '';
  return {
    push: (piece) => {
      const parts = (open + piece).split('\n');
      open = parts.pop() ?? '';
      const lines = parts.flatMap((part) => broken(part.endsWith('\r') ? part.slice(0, -1) : part));
      if (open.length <= LONGEST_LINE) return lines;
      const pieces = broken(open);
      open = pieces.pop() ?? '';
      return [...lines, ...pieces];
    },
    end: () => {
      const rest = open;
      open = '';
      return rest === '' ? [] : [rest];
    },
  };
}

/** A line in pieces that are not too long; no character is cut in two. */
function broken(line: string): string[] {
  const pieces: string[] = [];
  let from = 0;
  while (line.length - from > LONGEST_LINE) {
    const end = from + LONGEST_LINE;
    const isHalf = /[\uD800-\uDBFF]/.test(line[end - 1] ?? '');
    pieces.push(line.slice(from, isHalf ? end - 1 : end));
    from = isHalf ? end - 1 : end;
  }
  pieces.push(line.slice(from));
  return pieces;
}
