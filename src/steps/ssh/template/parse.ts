import { parseTemplate, type Template as Text } from '../../../expr/index.ts';
import type { Block, Branch, TemplateProblem } from './ast.ts';

const STATEMENT = /^[ \t]*\$\{\{#(.*)\}\}[ \t]*\r?\n?$/;
const WORDS = /^\s*([a-z]+)\b(.*)$/s;
const LOOP = /^\s*([a-z][A-Za-z0-9]*)\s+in\s+(.+)$/s;
/** Names that a loop would hide. */
const TAKEN = new Set(['vars', 'host', 'facts', 'index']);
const MOST_DEPTH = 20;

interface Line {
  readonly number: number;
  readonly text: string;
}
type Statement = { readonly word: string; readonly rest: string };
interface Reader {
  readonly lines: readonly Line[];
  at: number;
  depth: number;
  readonly problems: TemplateProblem[];
}

/**
 * Read a template: text with `${{ … }}`, and lines that hold nothing but a statement: `${{# if … }}`, `${{# elif … }}`,
 * `${{# else }}`, `${{# for name in … }}`, `${{# end }}`. Lines with statements leave nothing behind.
 */
export function parseBlocks(text: string): { readonly blocks: readonly Block[]; readonly problems: readonly TemplateProblem[] } {
  const lines = (text.match(/[^\n]*\n|[^\n]+$/g) ?? []).map((line, index) => ({ number: index + 1, text: line }));
  const reader: Reader = { lines, at: 0, depth: 0, problems: [] };
  const blocks: Block[] = [];
  while (reader.at < lines.length) {
    blocks.push(...readBlocks(reader));
    const left = lines[reader.at++];
    if (left) reader.problems.push({ line: left.number, message: `there is no block that "${statementOf(left)?.word ?? ''}" belongs to` });
  }
  return { blocks, problems: reader.problems };
}

function statementOf({ text }: Line): Statement | undefined {
  const inside = STATEMENT.exec(text)?.[1];
  if (inside === undefined) return undefined;
  const words = WORDS.exec(inside);
  return { word: words?.[1] ?? inside.trim(), rest: words?.[2]?.trim() ?? '' };
}

/** Blocks up to a statement that is not the beginning of one. */
function readBlocks(reader: Reader): readonly Block[] {
  const blocks: Block[] = [];
  for (let line = reader.lines[reader.at]; line; line = reader.lines[reader.at]) {
    const statement = statementOf(line);
    if (!statement) {
      reader.at++;
      blocks.push({ type: 'line', line: line.number, text: textIn(reader, line.number, line.text) });
    } else if (statement.word === 'if') blocks.push(nested(reader, line, () => readIf(reader, line, statement)));
    else if (statement.word === 'for') blocks.push(nested(reader, line, () => readFor(reader, line, statement)));
    else if (['elif', 'else', 'end'].includes(statement.word)) return blocks;
    else {
      reader.at++;
      reader.problems.push({ line: line.number, message: `unknown statement "${statement.word}"`, hint: 'known here: if, elif, else, for, end' });
    }
  }
  return blocks;
}

function nested(reader: Reader, { number }: Line, read: () => Block): Block {
  if (reader.depth === MOST_DEPTH) reader.problems.push({ line: number, message: `blocks are nested deeper than ${MOST_DEPTH}` });
  reader.depth++;
  try {
    return reader.depth > MOST_DEPTH + 1 ? skipBlock(reader) : read();
  } finally {
    reader.depth--;
  }
}

/** Too deep to be read; it was said already. */
function skipBlock(reader: Reader): Block {
  reader.at = reader.lines.length;
  return { type: 'if', branches: [], otherwise: [] };
}

function readIf(reader: Reader, first: Line, { rest }: Statement): Block {
  const branches: Branch[] = [];
  let otherwise: readonly Block[] = [];
  let condition: string | undefined = rest;
  for (let line: Line | undefined = first; line;) {
    reader.at++;
    const test = condition === undefined ? undefined : expressionIn(reader, line.number, condition);
    const body = readBlocks(reader);
    if (test) branches.push({ line: line.number, test, body });
    else otherwise = body;
    const next = reader.lines[reader.at];
    const statement = next && statementOf(next);
    if (!next || statement?.word === 'end') break;
    if (condition === undefined) reader.problems.push({ line: next.number, message: `"${statement?.word}" comes after "else"` });
    condition = statement?.word === 'elif' ? statement.rest : undefined;
    line = next;
  }
  closeBlock(reader, first, 'if');
  return { type: 'if', branches, otherwise };
}

function readFor(reader: Reader, line: Line, { rest }: Statement): Block {
  reader.at++;
  const loop = LOOP.exec(rest);
  const name = loop?.[1] ?? '';
  if (!loop) reader.problems.push({ line: line.number, message: `cannot read "for ${rest}"`, hint: 'write for example: for server in vars.servers' });
  else if (TAKEN.has(name)) reader.problems.push({ line: line.number, message: `"${name}" cannot be the name of an item`, hint: 'choose another name' });
  const list = expressionIn(reader, line.number, loop?.[2] ?? '[]');
  const body = readBlocks(reader);
  closeBlock(reader, line, 'for');
  return { type: 'for', line: line.number, name, list, body };
}

function closeBlock(reader: Reader, first: Line, word: string): void {
  const line = reader.lines[reader.at];
  if (line && statementOf(line)?.word === 'end') reader.at++;
  else reader.problems.push({ line: first.number, message: `"${word}" has no "end"`, hint: 'close it with a line that holds ${{# end }}' });
}

function expressionIn(reader: Reader, line: number, expression: string): Text {
  if (expression.trim() === '') reader.problems.push({ line, message: 'the condition is missing' });
  return textIn(reader, line, `\${{ ${expression.trim() === '' ? 'true' : expression} }}`);
}

function textIn({ problems }: Reader, line: number, text: string): Text {
  const parsed = parseTemplate(text);
  if (parsed.ok) return parsed.template;
  for (const { message, hint } of parsed.problems) problems.push({ line, message, ...(hint === undefined ? {} : { hint }) });
  return { text: '', parts: [], whole: undefined };
}
