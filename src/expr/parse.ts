import { type BinaryOp, ExprSyntaxError, type Node } from './ast.ts';
import { nextToken, type Token } from './lex.ts';

const MOST_TOKENS = 500;
const MOST_DEPTH = 64;
const PRECEDENCE: Readonly<Record<string, number>> = {
  '??': 1,
  '||': 2,
  '&&': 3,
  '==': 4,
  '!=': 4,
  '<': 5,
  '<=': 5,
  '>': 5,
  '>=': 5,
  in: 5,
  '+': 6,
  '-': 6,
  '*': 7,
  '/': 7,
  '%': 7,
};
const KEYWORDS: Readonly<Record<string, null | boolean>> = { null: null, true: true, false: false };

interface Reader {
  readonly text: string;
  token: Token;
  count: number;
  depth: number;
}

/**
 * Read one expression that starts at `from` and ends with `}}`.
 *
 * @returns the tree and the offset behind `}}`.
 * @throws {ExprSyntaxError} for a mistake, more than 500 tokens, or more than 64 levels of nesting.
 */
export function parseExpression(text: string, from: number): { readonly node: Node; readonly end: number } {
  const reader: Reader = { text, token: nextToken(text, from, false), count: 1, depth: 0 };
  if (isPunctuation(reader.token, '}}')) throw new ExprSyntaxError(from, 'the expression is empty', 'write for example ${{ inputs.size }}');
  const node = ternary(reader);
  if (!isPunctuation(reader.token, '}}')) throw unexpected(reader.token, '}}');
  return { node, end: reader.token.end };
}

function advance(reader: Reader, afterDot = false): void {
  if (++reader.count > MOST_TOKENS)
    throw new ExprSyntaxError(reader.token.at, `the expression has more than ${MOST_TOKENS} parts`, 'split it over several steps');
  reader.token = nextToken(reader.text, reader.token.end, afterDot);
}

function isPunctuation(token: Token, text: string): boolean {
  return token.type === 'punctuation' && token.text === text;
}

function accept(reader: Reader, text: string): boolean {
  if (!isPunctuation(reader.token, text)) return false;
  advance(reader);
  return true;
}

function expect(reader: Reader, text: string): void {
  if (!accept(reader, text)) throw unexpected(reader.token, text);
}

function unexpected(token: Token, wanted: string): ExprSyntaxError {
  if (token.type === 'end') return new ExprSyntaxError(token.at, `the expression does not end; "${wanted}" is missing`);
  return new ExprSyntaxError(token.at, `"${wanted}" expected before ${shown(token)}`);
}

function shown(token: Token): string {
  switch (token.type) {
    case 'name':
      return `"${token.name}"`;
    case 'number':
      return String(token.value);
    case 'string':
      return JSON.stringify(token.value);
    case 'punctuation':
      return `"${token.text}"`;
    case 'end':
      return 'the end';
  }
}

function ternary(reader: Reader): Node {
  if (++reader.depth > MOST_DEPTH)
    throw new ExprSyntaxError(reader.token.at, `the expression is nested more than ${MOST_DEPTH} levels deep`, 'split it over several steps');
  const test = binary(reader, 1);
  let node = test;
  if (accept(reader, '?')) {
    const yes = ternary(reader);
    expect(reader, ':');
    node = { type: 'ternary', at: test.at, test, yes, no: ternary(reader) };
  }
  reader.depth--;
  return node;
}

function binary(reader: Reader, least: number): Node {
  let left = unary(reader);
  for (;;) {
    const op = operatorOf(reader.token);
    if (op === undefined || (PRECEDENCE[op] ?? 0) < least) return left;
    const { at } = reader.token;
    advance(reader);
    const right = binary(reader, (PRECEDENCE[op] ?? 0) + 1);
    left = { type: 'binary', at, op, left, right };
  }
}

function operatorOf(token: Token): BinaryOp | undefined {
  const text = token.type === 'punctuation' ? token.text : token.type === 'name' ? token.name : '';
  return Object.hasOwn(PRECEDENCE, text) ? (text as BinaryOp) : undefined; // the table has exactly the operators
}

function unary(reader: Reader): Node {
  const { token } = reader;
  if (!isPunctuation(token, '!') && !isPunctuation(token, '-')) return postfix(reader, primary(reader));
  if (++reader.depth > MOST_DEPTH) throw new ExprSyntaxError(token.at, `more than ${MOST_DEPTH} signs in a row`);
  advance(reader);
  const node: Node = { type: 'unary', at: token.at, op: isPunctuation(token, '!') ? '!' : '-', operand: unary(reader) };
  reader.depth--;
  return node;
}

function primary(reader: Reader): Node {
  const { token } = reader;
  switch (token.type) {
    case 'number':
    case 'string':
      advance(reader);
      return { type: 'literal', at: token.at, value: token.value };
    case 'name':
      advance(reader);
      return named(reader, token.name, token.at);
    case 'punctuation':
      if (token.text === '(') {
        advance(reader);
        const node = ternary(reader);
        expect(reader, ')');
        return node;
      }
      if (token.text === '[') return { type: 'array', at: token.at, items: list(reader, ']') };
      throw new ExprSyntaxError(token.at, `a value is missing before "${token.text}"`);
    case 'end':
      throw new ExprSyntaxError(token.at, 'the expression does not end; "}}" is missing');
  }
}

function named(reader: Reader, name: string, at: number): Node {
  if (isPunctuation(reader.token, '(')) return { type: 'call', at, name, args: list(reader, ')') };
  if (Object.hasOwn(KEYWORDS, name)) return { type: 'literal', at, value: KEYWORDS[name] ?? null };
  return { type: 'name', at, name };
}

/** Nodes between the bracket at the current token and `close`, separated by commas. */
function list(reader: Reader, close: string): Node[] {
  advance(reader);
  const nodes: Node[] = [];
  while (!isPunctuation(reader.token, close)) {
    if (nodes.length > 0) expect(reader, ',');
    nodes.push(ternary(reader));
  }
  advance(reader);
  return nodes;
}

function postfix(reader: Reader, start: Node): Node {
  let node = start;
  for (;;) {
    const { at } = reader.token;
    if (isPunctuation(reader.token, '.')) {
      advance(reader, true);
      node = { type: 'member', at, object: node, key: memberName(reader) };
    } else if (isPunctuation(reader.token, '[')) {
      advance(reader);
      if (isPunctuation(reader.token, '*')) return projection(reader, node, at);
      node = subscript(reader, node, at);
    } else return node;
  }
}

function memberName(reader: Reader): string {
  const { token } = reader;
  if (token.type !== 'name') throw new ExprSyntaxError(token.at, 'a name is missing after "."', 'use ["…"] for names with other characters');
  advance(reader);
  return token.name;
}

function subscript(reader: Reader, object: Node, at: number): Node {
  const index = ternary(reader);
  expect(reader, ']');
  if (index.type === 'literal' && typeof index.value === 'string') return { type: 'member', at, object, key: index.value };
  return { type: 'index', at, object, index };
}

function projection(reader: Reader, object: Node, at: number): Node {
  advance(reader);
  expect(reader, ']');
  return { type: 'project', at, object, body: postfix(reader, { type: 'current', at }) };
}
