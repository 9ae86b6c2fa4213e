import { ExprSyntaxError } from './ast.ts';

export type Token = { readonly at: number; readonly end: number } & (
  | { readonly type: 'number'; readonly value: number }
  | { readonly type: 'string'; readonly value: string }
  | { readonly type: 'name'; readonly name: string }
  | { readonly type: 'punctuation'; readonly text: string }
  | { readonly type: 'end' }
);

const OPERATORS = ['}}', '==', '!=', '<=', '>=', '&&', '||', '??', '<', '>', '+', '-', '*', '/', '%', '!', '?', ':', '(', ')', '[', ']', ',', '.'];
const NUMBER = /\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const NAME = /[A-Za-z_$][A-Za-z0-9_$]*/y;
/** After a dot a name may hold hyphens, because ids do: `steps.drop-old.outputs`. */
const MEMBER_NAME = /[A-Za-z_$][A-Za-z0-9_$]*(?:-+[A-Za-z0-9_$]+)*/y;
const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', '\\': '\\', '"': '"', "'": "'", '/': '/' };

/** The token at or after `from`; `afterDot` when a member name is expected. @throws {ExprSyntaxError} */
export function nextToken(text: string, from: number, afterDot: boolean): Token {
  let at = from;
  while (at < text.length && ' \t\r\n'.includes(text[at] ?? '')) at++;
  const char = text[at];
  if (char === undefined) return { type: 'end', at, end: at };
  if (char === '"' || char === "'") return stringToken(text, at);
  const digits = match(NUMBER, text, at);
  if (digits !== undefined) return numberToken(digits, at);
  const name = match(afterDot ? MEMBER_NAME : NAME, text, at);
  if (name !== undefined) return { type: 'name', name, at, end: at + name.length };
  const operator = OPERATORS.find((candidate) => text.startsWith(candidate, at));
  if (operator !== undefined) return { type: 'punctuation', text: operator, at, end: at + operator.length };
  throw new ExprSyntaxError(at, `unexpected character ${JSON.stringify(char)}`, slipOf(char));
}

function slipOf(char: string): string | undefined {
  if (char === '=') return 'write == to compare';
  if (char === '&') return 'write && for "and"';
  if (char === '|') return 'write || for "or"; pipes do not exist, call a function: upper(inputs.name)';
  if (char === '`') return 'put text in double or single quotes';
  if (char === '{') return 'objects cannot be written in an expression; write them in YAML';
  return undefined;
}

function match(pattern: RegExp, text: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0];
}

function numberToken(digits: string, at: number): Token {
  const value = Number(digits);
  if (!Number.isFinite(value)) throw new ExprSyntaxError(at, `number ${digits} is too large`);
  return { type: 'number', value, at, end: at + digits.length };
}

function stringToken(text: string, at: number): Token {
  const quote = text[at];
  let value = '';
  let index = at + 1;
  while (index < text.length) {
    const char = text[index] ?? '';
    if (char === quote) return { type: 'string', value, at, end: index + 1 };
    if (char === '\\') {
      const escaped = escapeAt(text, index);
      value += escaped.value;
      index = escaped.end;
    } else {
      value += char;
      index++;
    }
  }
  throw new ExprSyntaxError(at, 'text in quotes does not end', `add the closing ${quote}`);
}

function escapeAt(text: string, at: number): { value: string; end: number } {
  const letter = text[at + 1] ?? '';
  const hex = letter === 'u' ? /^[0-9a-fA-F]{4}/.exec(text.slice(at + 2, at + 6))?.[0] : undefined;
  if (hex !== undefined) return { value: String.fromCharCode(Number.parseInt(hex, 16)), end: at + 6 };
  const value = ESCAPES[letter];
  if (value === undefined) throw new ExprSyntaxError(at, `unknown escape \\${letter}`, 'known are \\n \\t \\r \\" \\\' \\\\ and \\u0041');
  return { value, end: at + 2 };
}
