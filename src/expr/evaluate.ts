import { isArray, isObject, type Json } from '../core/pure.ts';
import type { Node, Template } from './ast.ts';
import { type Budget, newBudget, sizeOf, spend } from './budget.ts';
import { callFunction } from './functions.ts';
import { arithmetic, concat } from './functions-text.ts';
import { holdsSealed, isSealed, sealedParts } from './sealed.ts';
import type { Scope } from './types.ts';
import { compare, equal, memberOf, textOf } from './values.ts';

type Binary = Extract<Node, { type: 'binary' }>;
interface Frame {
  readonly scope: Scope;
  readonly budget: Budget;
  readonly current: Json;
}

/**
 * The value of a template. Never throws: what is missing, divided by zero, of the wrong type, too large, or inside a
 * secret is null. Secrets pass through whole, or become `{"$secretText": […]}` when text is put around them.
 */
export function evaluateTemplate(template: Template, scope: Scope): Json {
  const frame: Frame = { scope, budget: newBudget(), current: null };
  if (template.whole) return evaluate(template.whole, frame);
  const pieces: (string | { readonly $secret: string })[] = [];
  for (const part of template.parts) {
    if (part.type === 'text') pieces.push(part.text);
    else pieces.push(...piecesOf(evaluate(part.node, frame), frame.budget));
  }
  if (pieces.every((piece) => typeof piece === 'string')) return pieces.join('');
  return { $secretText: merged(pieces) };
}

function piecesOf(value: Json, budget: Budget): readonly (string | { readonly $secret: string })[] {
  if (isSealed(value)) return sealedParts(value);
  if (holdsSealed(value) || !spend(budget, sizeOf(value, budget.left))) return [];
  return [textOf(value)];
}

function merged(pieces: readonly (string | { readonly $secret: string })[]): (string | { readonly $secret: string })[] {
  const joined: (string | { readonly $secret: string })[] = [];
  for (const piece of pieces) {
    const last = joined.at(-1);
    if (typeof piece === 'string' && typeof last === 'string') joined[joined.length - 1] = last + piece;
    else if (piece !== '') joined.push(piece);
  }
  return joined;
}

function evaluate(node: Node, frame: Frame): Json {
  switch (node.type) {
    case 'literal':
      return node.value;
    case 'name':
      return Object.hasOwn(frame.scope, node.name) ? (frame.scope[node.name] ?? null) : null;
    case 'current':
      return frame.current;
    case 'member':
      return memberOf(evaluate(node.object, frame), node.key);
    case 'index':
      return memberOf(evaluate(node.object, frame), evaluate(node.index, frame));
    case 'project':
      return project(evaluate(node.object, frame), node.body, frame);
    case 'array':
      return spend(frame.budget, node.items.length) ? node.items.map((item) => evaluate(item, frame)) : null;
    case 'unary':
      return unary(node.op, evaluate(node.operand, frame));
    case 'ternary':
      return evaluate(evaluate(node.test, frame) === true ? node.yes : node.no, frame);
    case 'call':
      return callFunction(
        node.name,
        node.args.map((arg) => evaluate(arg, frame)),
        frame.budget,
      );
    case 'binary':
      return binary(node, frame);
  }
}

/** Elements without the member are left out, so a projection also filters. */
function project(value: Json, body: Node, frame: Frame): Json {
  if (isSealed(value)) return null;
  const items = isArray(value) ? value : isObject(value) ? Object.values(value) : undefined;
  if (items === undefined || !spend(frame.budget, items.length)) return null;
  return items.map((current) => evaluate(body, { ...frame, current })).filter((result) => result !== null);
}

function unary(op: '!' | '-', value: Json): Json {
  if (isSealed(value)) return null;
  if (op === '!') return value !== true;
  return typeof value === 'number' ? 0 - value : null;
}

function binary(node: Binary, frame: Frame): Json {
  const left = evaluate(node.left, frame);
  const { op } = node;
  if (op === '??') return left ?? evaluate(node.right, frame);
  if (op === '&&') return left === true && evaluate(node.right, frame) === true;
  if (op === '||') return left === true || evaluate(node.right, frame) === true;
  return operate(op, [left, evaluate(node.right, frame)], frame.budget);
}

function operate(op: Exclude<Binary['op'], '??' | '&&' | '||'>, [left, right]: readonly [Json, Json], budget: Budget): Json {
  if (op === 'in' && isObject(right) && !isSealed(right)) return typeof left === 'string' && Object.hasOwn(right, left);
  if (holdsSealed(left) || holdsSealed(right)) return null;
  switch (op) {
    case '==':
      return equal(left, right);
    case '!=':
      return !equal(left, right);
    case 'in':
      return isArray(right) ? right.some((item) => equal(item, left)) : typeof right === 'string' && typeof left === 'string' && right.includes(left);
    case '<':
    case '<=':
    case '>':
    case '>=':
      return ordered(op, compare(left, right));
    case '+':
    case '-':
    case '*':
    case '/':
    case '%':
      if (op === '+' && typeof left === 'string' && typeof right === 'string') return concat(left, right, budget);
      return typeof left === 'number' && typeof right === 'number' ? arithmetic(op, left, right) : null;
  }
}

function ordered(op: '<' | '<=' | '>' | '>=', order: number | undefined): Json {
  if (order === undefined) return null;
  switch (op) {
    case '<':
      return order < 0;
    case '<=':
      return order <= 0;
    case '>':
      return order > 0;
    case '>=':
      return order >= 0;
  }
}
