/** What the stand-in understands of PromQL: sums of increases and rates of counters, and arithmetic with them. */
export type PromQl =
  | { readonly type: 'number'; readonly value: number }
  | { readonly type: 'vector'; readonly of: PromQl }
  | { readonly type: 'sum'; readonly of: PromQl }
  | { readonly type: 'range'; readonly fn: 'increase' | 'rate'; readonly name: string; readonly matchers: readonly Matcher[]; readonly windowMs: number }
  | { readonly type: 'binary'; readonly operator: Operator; readonly left: PromQl; readonly right: PromQl };
export type Operator = '+' | '-' | '*' | '/' | 'or';
export interface Matcher {
  readonly label: string;
  readonly matches: (value: string) => boolean;
}

const TOKEN = /\s*(?:(\d+(?:\.\d+)?)(ms|[smhd])?|([A-Za-z_:][A-Za-z0-9_:]*)|("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|(=~|!~|!=|[-+*/=(){}[\],]))/y;
const UNITS: { readonly [unit: string]: number } = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** A mistake in a query, in the words that Prometheus' API hands on. */
export class QueryMistake extends Error {}

export function parsePromQl(text: string): PromQl {
  const reader = readerOf(text);
  const query = binary(reader, 0);
  if (reader.peek() !== undefined) throw unexpected(reader.peek());
  return query;
}

type Token =
  { readonly type: 'number'; readonly value: number; readonly unit: string | undefined } | { readonly type: 'name' | 'text' | 'sign'; readonly text: string };
interface Reader {
  peek(): Token | undefined;
  next(): Token | undefined;
  /** Take a sign, or complain. */
  take(sign: string): void;
}

function readerOf(text: string): Reader {
  const tokens = [...tokensOf(text)];
  let at = 0;
  const next = () => tokens[at++];
  return {
    peek: () => tokens[at],
    next,
    take: (sign) => {
      const token = next();
      if (token?.type !== 'sign' || token.text !== sign) throw unexpected(token, sign);
    },
  };
}

function* tokensOf(text: string): Generator<Token> {
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.trimEnd().length) {
    const at = TOKEN.lastIndex;
    const [, number, unit, name, quoted, sign] = TOKEN.exec(text) ?? [];
    if (number !== undefined) yield { type: 'number', value: Number(number), unit };
    else if (name !== undefined) yield { type: 'name', text: name };
    else if (quoted !== undefined) yield { type: 'text', text: unquoted(quoted) };
    else if (sign !== undefined) yield { type: 'sign', text: sign };
    else throw new QueryMistake(`parse error: unexpected character at position ${at}`);
  }
}

function unquoted(text: string): string {
  return text.slice(1, -1).replaceAll(/\\(.)/g, (_, char: string) => (char === 'n' ? '\n' : char === 'r' ? '\r' : char));
}

const LEVELS: readonly (readonly Operator[])[] = [['or'], ['+', '-'], ['*', '/']];

function binary(reader: Reader, level: number): PromQl {
  const operators = LEVELS[level];
  if (!operators) return operand(reader);
  let left = binary(reader, level + 1);
  for (;;) {
    const token = reader.peek();
    const operator = token !== undefined && token.type !== 'number' ? operators.find((each) => each === token.text) : undefined;
    if (operator === undefined) return left;
    reader.next();
    left = { type: 'binary', operator, left, right: binary(reader, level + 1) };
  }
}

function operand(reader: Reader): PromQl {
  const token = reader.next();
  if (token?.type === 'number' && token.unit === undefined) return { type: 'number', value: token.value };
  if (token?.type === 'sign' && token.text === '(') return closed(reader, binary(reader, 0));
  if (token?.type !== 'name') throw unexpected(token);
  reader.take('(');
  switch (token.text) {
    case 'sum':
    case 'vector':
      return closed(reader, { type: token.text, of: binary(reader, 0) });
    case 'increase':
    case 'rate':
      return closed(reader, { type: 'range', fn: token.text, ...selector(reader) });
    default:
      throw new QueryMistake(`the stand-in knows sum, increase, rate and vector, and not "${token.text}"`);
  }
}

function closed(reader: Reader, query: PromQl): PromQl {
  reader.take(')');
  return query;
}

function selector(reader: Reader): { readonly name: string; readonly matchers: readonly Matcher[]; readonly windowMs: number } {
  const name = reader.next();
  if (name?.type !== 'name') throw unexpected(name, 'the name of a counter');
  const matchers: Matcher[] = [];
  const brace = reader.peek();
  if (brace?.type === 'sign' && brace.text === '{') {
    reader.next();
    for (let token = reader.next(); token?.type !== 'sign' || token.text !== '}'; token = reader.next()) {
      if (token?.type === 'sign' && token.text === ',') continue;
      if (token?.type !== 'name') throw unexpected(token, 'a label');
      matchers.push(matcher(token.text, reader));
    }
  }
  reader.take('[');
  const window = reader.next();
  const unit = window?.type === 'number' ? UNITS[window.unit ?? ''] : undefined;
  if (window?.type !== 'number' || unit === undefined) throw unexpected(window, 'a duration');
  reader.take(']');
  return { name: name.text, matchers, windowMs: window.value * unit };
}

function matcher(label: string, reader: Reader): Matcher {
  const [operator, value] = [reader.next(), reader.next()];
  if (operator?.type !== 'sign' || value?.type !== 'text') throw unexpected(operator, 'a matcher');
  const pattern = operator.text === '=~' || operator.text === '!~' ? new RegExp(`^(?:${value.text})$`) : undefined;
  const isEqual = (given: string): boolean => (pattern ? pattern.test(given) : given === value.text);
  return { label, matches: operator.text.startsWith('!') ? (given) => !isEqual(given) : isEqual };
}

function unexpected(token: Token | undefined, wanted?: string): QueryMistake {
  const found = token === undefined ? 'end of input' : token.type === 'number' ? `number ${token.value}` : `"${token.text}"`;
  return new QueryMistake(`parse error: unexpected ${found}${wanted === undefined ? '' : `, expected ${wanted}`}`);
}
