import { ExprSyntaxError, type Template, type TemplatePart } from './ast.ts';
import { parseExpression } from './parse.ts';
import type { ExprProblem } from './types.ts';

const MOST_EXPRESSION = 4 * 1024;
const MOST_TEXT = 256 * 1024;
const MOST_EXPRESSIONS = 200;

export type ParsedTemplate = { readonly ok: true; readonly template: Template } | { readonly ok: false; readonly problems: readonly ExprProblem[] };

/** Does the text hold `${{` that is not escaped as `$${{`? */
export function isTemplate(text: string): boolean {
  return startOf(text, 0) >= 0;
}

function startOf(text: string, from: number): number {
  let at = text.indexOf('${{', from);
  while (at > 0 && text[at - 1] === '$') at = text.indexOf('${{', at + 3);
  return at;
}

/**
 * Read text with any number of `${{ … }}`; `$${{` stands for `${{` itself. One expression may have 4 KiB, a text with
 * expressions 256 KiB and 200 of them.
 */
export function parseTemplate(text: string): ParsedTemplate {
  if (text.length > MOST_TEXT && isTemplate(text)) {
    return { ok: false, problems: [{ offset: 0, message: `text with expressions has more than ${MOST_TEXT / 1024} KiB`, hint: 'put long text in a file' }] };
  }
  try {
    return { ok: true, template: read(text) };
  } catch (thrown) {
    if (!(thrown instanceof ExprSyntaxError)) throw thrown;
    return { ok: false, problems: [{ offset: thrown.offset, message: thrown.message, ...(thrown.hint === undefined ? {} : { hint: thrown.hint }) }] };
  }
}

function read(text: string): Template {
  const parts: TemplatePart[] = [];
  let end = 0;
  for (let at = startOf(text, 0), count = 1; at >= 0; at = startOf(text, end), count++) {
    if (count > MOST_EXPRESSIONS) throw new ExprSyntaxError(at, `the text has more than ${MOST_EXPRESSIONS} expressions`, 'put long text in a file');
    if (at > end) parts.push(plain(text.slice(end, at)));
    // One more unit than allowed is enough to notice that the expression is too long.
    const parsed = parseExpression(text.slice(0, at + MOST_EXPRESSION + 1), at + 3);
    if (parsed.end - at > MOST_EXPRESSION) throw new ExprSyntaxError(at, 'the expression has more than 4 KiB', 'split it over several steps');
    parts.push({ type: 'expression', at, node: parsed.node });
    end = parsed.end;
  }
  if (end < text.length) parts.push(plain(text.slice(end)));
  const [first] = parts;
  return { text, parts, whole: parts.length === 1 && first?.type === 'expression' ? first.node : undefined };
}

function plain(text: string): TemplatePart {
  return { type: 'text', text: text.replaceAll('$${{', '${{') };
}

const cache = new Map<string, ParsedTemplate>();
const MOST_CACHED = 5_000;

/** `parseTemplate`, remembered; the oldest entries are forgotten first. */
export function cachedTemplate(text: string): ParsedTemplate {
  const known = cache.get(text);
  if (known) return known;
  const parsed = parseTemplate(text);
  if (cache.size >= MOST_CACHED) for (const key of cache.keys()) if (cache.delete(key)) break;
  if (text.length <= MOST_EXPRESSION) cache.set(text, parsed);
  return parsed;
}
