const CONTEXT = 3;
const MOST_LINES = 1_500;

type Edit = { readonly sign: ' ' | '-' | '+'; readonly line: string };

/** A unified diff of two texts, without file names; undefined when they are too long to compare line by line. */
export function unifiedDiff(before: string, after: string): string | undefined {
  const [old, fresh] = [linesOf(before), linesOf(after)];
  if (old.length > MOST_LINES || fresh.length > MOST_LINES) return undefined;
  return hunksOf(editsBetween(old, fresh)).join('\n');
}

/** How many lines go and come. */
export function countLines(before: string, after: string): { readonly removed: number; readonly added: number } {
  const [old, fresh] = [linesOf(before), linesOf(after)];
  const edits = old.length > MOST_LINES || fresh.length > MOST_LINES ? [] : editsBetween(old, fresh);
  return { removed: edits.filter(({ sign }) => sign === '-').length, added: edits.filter(({ sign }) => sign === '+').length };
}

/** Text or not: a NUL, or bytes that are no UTF-8, make it binary. */
export function textOf(content: Uint8Array): string | undefined {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(content);
    return text.includes('\0') ? undefined : text;
  } catch {
    return undefined;
  }
}

function linesOf(text: string): readonly string[] {
  return text === '' ? [] : text.replace(/\n$/, '').split('\n');
}

/** Longest common subsequence, by the usual table. */
function editsBetween(old: readonly string[], fresh: readonly string[]): readonly Edit[] {
  const width = fresh.length + 1;
  const table = new Uint16Array((old.length + 1) * width);
  const at = (row: number, column: number): number => table[row * width + column] ?? 0;
  for (let row = old.length - 1; row >= 0; row--) {
    for (let column = fresh.length - 1; column >= 0; column--) {
      table[row * width + column] = old[row] === fresh[column] ? at(row + 1, column + 1) + 1 : Math.max(at(row + 1, column), at(row, column + 1));
    }
  }
  const edits: Edit[] = [];
  for (let row = 0, column = 0; row < old.length || column < fresh.length;) {
    if (row < old.length && old[row] === fresh[column]) {
      edits.push({ sign: ' ', line: old[row++] ?? '' });
      column++;
    } else if (row < old.length && (column >= fresh.length || at(row + 1, column) >= at(row, column + 1))) edits.push({ sign: '-', line: old[row++] ?? '' });
    else edits.push({ sign: '+', line: fresh[column++] ?? '' });
  }
  return edits;
}

function hunksOf(edits: readonly Edit[]): readonly string[] {
  const changed = edits.flatMap(({ sign }, index) => (sign === ' ' ? [] : [index]));
  const ranges: { from: number; to: number }[] = [];
  for (const index of changed) {
    const last = ranges.at(-1);
    if (last && index - CONTEXT <= last.to + 1) last.to = Math.min(edits.length - 1, index + CONTEXT);
    else ranges.push({ from: Math.max(0, index - CONTEXT), to: Math.min(edits.length - 1, index + CONTEXT) });
  }
  return ranges.map(({ from, to }) => {
    const [before, part] = [edits.slice(0, from), edits.slice(from, to + 1)];
    const count = (list: readonly Edit[], other: '-' | '+'): number => list.filter(({ sign }) => sign !== other).length;
    const range = (other: '-' | '+'): string => {
      const lines = count(part, other);
      return `${count(before, other) + (lines === 0 ? 0 : 1)},${lines}`;
    };
    return [`@@ -${range('+')} +${range('-')} @@`, ...part.map(({ sign, line }) => sign + line)].join('\n');
  });
}
