/** The script uses something this small shell does not know; it is then noted and not played. */
export class Unsupported extends Error {}

/** A piece of a word. Quoted pieces are not split at white space. */
export type Part =
  | { readonly type: 'text'; readonly text: string; readonly quoted: boolean }
  | {
      readonly type: 'variable';
      readonly name: string;
      readonly operator: '' | '-' | '?' | '+' | '=';
      readonly word: readonly Part[];
      readonly quoted: boolean;
    }
  | { readonly type: 'command'; readonly script: string; readonly quoted: boolean };

export type Token =
  | { readonly type: 'word'; readonly parts: readonly Part[]; readonly from: number; readonly to: number }
  | { readonly type: 'operator'; readonly text: string; readonly from: number; readonly to: number };

const OPERATORS = ['&&', '||', ';', '|', '\n', '(', ')', '2>&1', '1>&2', '>&2', '2>>', '2>', '>>', '>', '<'];
const REFUSED = ['&', '<<', ';;', '`'];
const SPECIAL = /[\s;&|<>()'"\\$`]/;
const NAME = /^(?:[A-Za-z_][A-Za-z0-9_]*|[0-9@#?$*])/;

/** Take shell text apart. @throws {Unsupported} for what the small shell does not know. */
export function tokensOf(script: string): readonly Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < script.length) {
    const rest = script.slice(at);
    const space = /^(?:[ \t\r]+|\\\n)/.exec(rest);
    const comment = /^#[^\n]*/.exec(rest);
    if (space) at += space[0].length;
    else if (comment) at += comment[0].length;
    else {
      const operator = OPERATORS.find((each) => rest.startsWith(each));
      const isRefused = REFUSED.some((each) => rest.startsWith(each)) && !rest.startsWith('&&');
      if (isRefused) throw new Unsupported(rest.slice(0, 2));
      if (operator !== undefined) {
        tokens.push({ type: 'operator', text: operator, from: at, to: at + operator.length });
        at += operator.length;
      } else {
        const word = readWord(script, at, (text, index) => SPECIAL.test(text[index] ?? ' ') && /[\s;&|<>()]/.test(text[index] ?? ' '));
        tokens.push({ type: 'word', parts: word.parts, from: at, to: word.end });
        at = word.end;
      }
    }
  }
  return tokens;
}

interface Read {
  readonly parts: readonly Part[];
  readonly end: number;
}
type IsEnd = (text: string, index: number) => boolean;

function readWord(text: string, from: number, isEnd: IsEnd): Read {
  const parts: Part[] = [];
  let at = from;
  while (at < text.length && !isEnd(text, at)) {
    const piece = readPiece(text, at, isEnd);
    parts.push(...piece.parts);
    at = piece.end;
  }
  return { parts, end: at };
}

function readPiece(text: string, at: number, isEnd: IsEnd): Read {
  const char = text[at];
  if (char === "'") {
    const end = text.indexOf("'", at + 1);
    if (end < 0) throw new Unsupported('a quote without an end');
    return { parts: [{ type: 'text', text: text.slice(at + 1, end), quoted: true }], end: end + 1 };
  }
  if (char === '"') return readQuoted(text, at + 1);
  if (char === '\\') return { parts: [{ type: 'text', text: text[at + 1] === '\n' ? '' : (text[at + 1] ?? ''), quoted: true }], end: at + 2 };
  if (char === '$') return readDollar(text, at, false);
  if (char === '`') throw new Unsupported('`');
  let end = at;
  while (end < text.length && !isEnd(text, end) && !/['"\\$`]/.test(text[end] ?? '')) end++;
  return { parts: [{ type: 'text', text: text.slice(at, end), quoted: false }], end };
}

function readQuoted(text: string, from: number): Read {
  const parts: Part[] = [{ type: 'text', text: '', quoted: true }];
  let at = from;
  while (text[at] !== '"') {
    if (at >= text.length) throw new Unsupported('a quote without an end');
    if (text[at] === '`') throw new Unsupported('`');
    if (text[at] === '$') {
      const dollar = readDollar(text, at, true);
      parts.push(...dollar.parts);
      at = dollar.end;
    } else {
      const escapes = text[at] === '\\' && /[$`"\\\n]/.test(text[at + 1] ?? '');
      parts.push({ type: 'text', text: escapes ? (text[at + 1] ?? '').replace('\n', '') : (text[at] ?? ''), quoted: true });
      at += escapes ? 2 : 1;
    }
  }
  return { parts, end: at + 1 };
}

function readDollar(text: string, at: number, quoted: boolean): Read {
  const next = text[at + 1];
  if (next === '(') return readCommand(text, at, quoted);
  if (next === '{') return readBraces(text, at, quoted);
  const name = NAME.exec(text.slice(at + 1))?.[0];
  if (name === undefined) return { parts: [{ type: 'text', text: '$', quoted }], end: at + 1 };
  return { parts: [{ type: 'variable', name, operator: '', word: [], quoted }], end: at + 1 + name.length };
}

function readCommand(text: string, at: number, quoted: boolean): Read {
  if (text[at + 2] === '(') throw new Unsupported('$((');
  let depth = 1;
  let end = at + 2;
  for (; depth > 0; end++) {
    if (end >= text.length) throw new Unsupported('$( without an end');
    if (text[end] === '(') depth++;
    else if (text[end] === ')') depth--;
    else if (text[end] === "'") end = text.indexOf("'", end + 1);
    if (end < 0) throw new Unsupported('a quote without an end');
  }
  return { parts: [{ type: 'command', script: text.slice(at + 2, end - 1), quoted }], end };
}

function readBraces(text: string, at: number, quoted: boolean): Read {
  const name = NAME.exec(text.slice(at + 2))?.[0];
  if (name === undefined) throw new Unsupported('${');
  const after = at + 2 + name.length;
  if (text[after] === '}') return { parts: [{ type: 'variable', name, operator: '', word: [], quoted }], end: after + 1 };
  const operator = /^:?([-?+=])/.exec(text.slice(after));
  if (!operator) throw new Unsupported('${…}');
  const word = readWord(text, after + operator[0].length, (all, index) => all[index] === '}');
  if (text[word.end] !== '}') throw new Unsupported('${ without an end');
  const sign = operator[1] as '-' | '?' | '+' | '='; // the expression admits these only
  return { parts: [{ type: 'variable', name, operator: sign, word: word.parts, quoted }], end: word.end + 1 };
}
