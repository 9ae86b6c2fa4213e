import { isArray, type Json } from '../../../core/index.ts';
import { evaluateTemplate, isSealed, type Scope, sealedParts, type Template as Text } from '../../../expr/index.ts';
import type { Block, TemplateProblem } from './ast.ts';

const MOST_OUTPUT = 4 << 20;
const MOST_STEPS = 100_000;

/** Pieces of text, and place holders of secrets. */
export type Piece = string | { readonly $secret: string };
export interface Rendered {
  readonly pieces: readonly Piece[];
  readonly problems: readonly TemplateProblem[];
}
interface Writer {
  readonly pieces: Piece[];
  readonly problems: TemplateProblem[];
  size: number;
  steps: number;
}

/** Fill in a template. Ends always: loops go over finite lists, and output and steps are limited. A value that is missing is a mistake. */
export function renderBlocks(blocks: readonly Block[], scope: Scope): Rendered {
  const writer: Writer = { pieces: [], problems: [], size: 0, steps: 0 };
  renderAll(blocks, scope, writer);
  return writer;
}

function renderAll(blocks: readonly Block[], scope: Scope, writer: Writer): void {
  for (const block of blocks) {
    if (isOver(block, writer)) return;
    if (block.type === 'line') renderLine(block, scope, writer);
    else if (block.type === 'if') renderIf(block, scope, writer);
    else renderFor(block, scope, writer);
  }
}

function isOver(block: Block, writer: Writer): boolean {
  const line = block.type === 'if' ? (block.branches[0]?.line ?? 0) : block.line;
  if (writer.steps === MOST_STEPS) writer.problems.push({ line, message: `the template takes more than ${MOST_STEPS} steps`, hint: 'loop over shorter lists' });
  writer.steps++;
  return writer.steps > MOST_STEPS || writer.size > MOST_OUTPUT;
}

function renderLine({ text, line }: Extract<Block, { type: 'line' }>, scope: Scope, writer: Writer): void {
  for (const part of text.parts) {
    if (part.type === 'text') write(part.text, line, writer);
    else {
      const value = evaluateTemplate({ text: text.text, parts: [part], whole: part.node }, scope);
      if (value === null) missing(text, { from: part.at, line }, writer);
      else if (isSealed(value)) writer.pieces.push(...sealedParts(value));
      else write(evaluatedText(text, part, scope), line, writer);
    }
  }
}

/** A value as text, by the rules of expressions inside text. */
function evaluatedText(text: Text, part: Text['parts'][number], scope: Scope): string {
  const value = evaluateTemplate({ text: text.text, parts: [{ type: 'text', text: '' }, part], whole: undefined }, scope);
  return typeof value === 'string' ? value : '';
}

function missing({ text }: Text, { from, line }: { readonly from: number; readonly line: number }, { problems }: Writer): void {
  const expression = /^\$\{\{\s*(.*?)\s*\}\}/s.exec(text.slice(from))?.[1] ?? 'an expression';
  problems.push({ line, message: `${expression} has no value here`, hint: `give it one, or say what stands for it: ${expression} ?? ""` });
}

function write(text: string, line: number, writer: Writer): void {
  writer.size += text.length;
  if (writer.size > MOST_OUTPUT) writer.problems.push({ line, message: `the text grows beyond ${MOST_OUTPUT} characters` });
  else writer.pieces.push(text);
}

function renderIf({ branches, otherwise }: Extract<Block, { type: 'if' }>, scope: Scope, writer: Writer): void {
  for (const { line, test, body } of branches) {
    const value = evaluateTemplate(test, scope);
    if (typeof value !== 'boolean') return void writer.problems.push({ line, message: `the condition is ${said(value)}, neither true nor false` });
    if (value) return renderAll(body, scope, writer);
  }
  renderAll(otherwise, scope, writer);
}

function renderFor({ line, name, list, body }: Extract<Block, { type: 'for' }>, scope: Scope, writer: Writer): void {
  const items = evaluateTemplate(list, scope);
  if (!isArray(items)) return void writer.problems.push({ line, message: `for needs a list and got ${said(items)}` });
  for (const [index, item] of items.entries()) renderAll(body, { ...scope, [name]: item, index }, writer);
}

function said(value: Json): string {
  if (value === null) return 'missing';
  return isArray(value) ? 'a list' : typeof value === 'object' ? 'an object or a secret' : JSON.stringify(value);
}
