import { type Part, type Token, tokensOf, Unsupported } from './lexer.ts';

export interface Redirect {
  readonly operator: string;
  readonly target: readonly Part[] | undefined;
}
/** What a script says to do. */
export type Node =
  | { readonly type: 'simple'; readonly words: readonly (readonly Part[])[]; readonly redirects: readonly Redirect[]; readonly text: string }
  | { readonly type: 'group'; readonly isSubshell: boolean; readonly body: Node; readonly redirects: readonly Redirect[] }
  | { readonly type: 'if'; readonly test: Node; readonly then: Node; readonly otherwise: Node | undefined }
  | { readonly type: 'not'; readonly body: Node }
  | { readonly type: 'pipe'; readonly parts: readonly Node[] }
  | { readonly type: 'and' | 'or'; readonly left: Node; readonly right: Node }
  | { readonly type: 'list'; readonly items: readonly Node[] };

const UNKNOWN_WORDS = ['while', 'until', 'for', 'case', 'function', 'select', '[['];
const CLOSING_WORDS = ['then', 'elif', 'else', 'fi', '}', 'do', 'done', 'esac'];

/** Read a whole script. @throws {Unsupported} for what the small shell does not know. */
export function parseScript(script: string): Node {
  const tokens = tokensOf(script);
  const parser: Parser = { script, tokens, at: 0 };
  const list = parseList(parser);
  if (parser.at < tokens.length) throw new Unsupported(textOf(parser, parser.at));
  return list;
}

interface Parser {
  readonly script: string;
  readonly tokens: readonly Token[];
  at: number;
}

function textOf({ script, tokens }: Parser, index: number): string {
  const token = tokens[index];
  return token ? script.slice(token.from, token.to) : '';
}

function takes(parser: Parser, ...texts: readonly string[]): string | undefined {
  const text = parser.tokens[parser.at] && textOf(parser, parser.at);
  if (text === undefined || !texts.includes(text)) return undefined;
  parser.at++;
  return text;
}

function expect(parser: Parser, text: string): void {
  if (takes(parser, text) === undefined) throw new Unsupported(`${text} is missing`);
}

function parseList(parser: Parser): Node {
  const items: Node[] = [];
  for (;;) {
    while (takes(parser, ';', '\n') !== undefined);
    const next = textOf(parser, parser.at);
    if (parser.at >= parser.tokens.length || next === ')' || CLOSING_WORDS.includes(next)) return { type: 'list', items };
    items.push(parseAndOr(parser));
  }
}

function parseAndOr(parser: Parser): Node {
  let left = parsePipe(parser);
  for (;;) {
    const operator = takes(parser, '&&', '||');
    if (operator === undefined) return left;
    while (takes(parser, '\n') !== undefined);
    left = { type: operator === '&&' ? 'and' : 'or', left, right: parsePipe(parser) };
  }
}

function parsePipe(parser: Parser): Node {
  if (takes(parser, '!') !== undefined) return { type: 'not', body: parsePipe(parser) };
  const parts = [parseCommand(parser)];
  while (takes(parser, '|') !== undefined) {
    while (takes(parser, '\n') !== undefined);
    parts.push(parseCommand(parser));
  }
  return parts.length === 1 ? (parts[0] ?? { type: 'list', items: [] }) : { type: 'pipe', parts };
}

function parseCommand(parser: Parser): Node {
  if (takes(parser, 'if') !== undefined) return parseIf(parser);
  const opening = takes(parser, '{', '(');
  if (opening !== undefined) {
    const body = parseList(parser);
    expect(parser, opening === '{' ? '}' : ')');
    return { type: 'group', isSubshell: opening === '(', body, redirects: redirectsOf(parser) };
  }
  if (UNKNOWN_WORDS.includes(textOf(parser, parser.at))) throw new Unsupported(textOf(parser, parser.at));
  return parseSimple(parser);
}

function parseIf(parser: Parser): Node {
  const test = parseList(parser);
  expect(parser, 'then');
  const then = parseList(parser);
  if (takes(parser, 'elif') !== undefined) return { type: 'if', test, then, otherwise: parseIf(parser) };
  const otherwise = takes(parser, 'else') === undefined ? undefined : parseList(parser);
  expect(parser, 'fi');
  return { type: 'if', test, then, otherwise };
}

function parseSimple(parser: Parser): Node {
  const words: (readonly Part[])[] = [];
  const redirects: Redirect[] = [];
  const first = parser.tokens[parser.at];
  for (;;) {
    redirects.push(...redirectsOf(parser));
    const token = parser.tokens[parser.at];
    if (token?.type !== 'word') break;
    words.push(token.parts);
    parser.at++;
  }
  if (words.length === 0 && redirects.length === 0) throw new Unsupported(textOf(parser, parser.at) || 'the end');
  const last = parser.tokens[parser.at - 1];
  if (parser.tokens[parser.at]?.type === 'operator' && textOf(parser, parser.at) === '(') throw new Unsupported('a function');
  return { type: 'simple', words, redirects, text: parser.script.slice(first?.from, last?.to) };
}

function redirectsOf(parser: Parser): readonly Redirect[] {
  const redirects: Redirect[] = [];
  for (;;) {
    const operator = takes(parser, '2>&1', '1>&2', '>&2', '2>>', '2>', '>>', '>', '<');
    if (operator === undefined) return redirects;
    if (operator.includes('&')) redirects.push({ operator, target: undefined });
    else {
      const target = parser.tokens[parser.at];
      if (target?.type !== 'word') throw new Unsupported('a redirection without a file');
      redirects.push({ operator, target: target.parts });
      parser.at++;
    }
  }
}
