import { SlipwayError } from '../../../core/index.ts';
import { matches } from '../../pattern.ts';

export type Position = 'end' | 'start' | { readonly after: string } | { readonly before: string };
/** What one line of a file shall be. */
export interface Edit {
  readonly state: 'present' | 'absent';
  readonly line?: string | undefined;
  readonly match?: string | undefined;
  readonly several: 'refuse' | 'first' | 'last' | 'merge';
  readonly insert: Position;
}

/**
 * The text after the edit; the same text when nothing is to be done. Lines end as they did; a new one ends like the first line of
 * the file.
 *
 * @throws {SlipwayError} `SSH_LINE` when it is not clear which line is meant, or where a new one goes.
 */
export function edited(text: string, edit: Edit): string {
  const lines = splitLines(text);
  const bare = lines.map(withoutEnd);
  const found = edit.match === undefined ? bare.map((line) => line === edit.line) : matches(edit.match, bare);
  const places = found.flatMap((isFound, index) => (isFound ? [index] : []));
  if (edit.state === 'absent') return lines.filter((_, index) => found[index] !== true).join('');
  const line = edit.line ?? '';
  if (places.length === 0) return inserted(lines, bare, { ...edit, line });
  const place = placeOf(places, edit);
  const isDone = bare[place] === line && (edit.several !== 'merge' || places.length === 1);
  if (isDone) return text;
  const kept = lines.map((each, index) => (index === place ? line + endOf(each) : each));
  return kept.filter((_, index) => edit.several !== 'merge' || index === place || found[index] !== true).join('');
}

/** Lines with what ends them. */
function splitLines(text: string): readonly string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}
function withoutEnd(line: string): string {
  return line.replace(/\r?\n$/, '');
}
function endOf(line: string): string {
  return line.slice(withoutEnd(line).length);
}

function placeOf(places: readonly number[], { match, several }: Edit): number {
  const [first = 0] = places;
  const last = places.at(-1) ?? first;
  // Without an expression all of them are the line itself.
  if (places.length === 1 || match === undefined || several === 'first' || several === 'merge') return first;
  if (several === 'last') return last;
  throw new SlipwayError('SSH_LINE', `${places.length} lines match ${JSON.stringify(match)}: ${places.map((place) => place + 1).join(', ')}`, {
    hint: 'narrow the expression, or say in "several" which of them is meant: first, last, or merge to keep only one',
  });
}

function inserted(lines: readonly string[], bare: readonly string[], { insert, line }: Edit & { readonly line: string }): string {
  const ending = lines[0] === undefined ? '\n' : endOf(lines[0]) || '\n';
  const at = positionOf(bare, insert);
  const before = lines.slice(0, at).map((each) => (endOf(each) === '' ? each + ending : each));
  return [...before, line + ending, ...lines.slice(at)].join('');
}

function positionOf(bare: readonly string[], insert: Position): number {
  if (insert === 'start') return 0;
  if (insert === 'end') return bare.length;
  const isAfter = 'after' in insert;
  const pattern = isAfter ? insert.after : insert.before;
  const found = matches(pattern, bare);
  const at = isAfter ? found.lastIndexOf(true) + 1 : found.indexOf(true);
  if (found.includes(true)) return at;
  throw new SlipwayError('SSH_LINE', `no line matches insert.${isAfter ? 'after' : 'before'} ${JSON.stringify(pattern)}`, {
    hint: 'correct the expression, or insert at the start or the end',
  });
}
