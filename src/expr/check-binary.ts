import type { Node } from './ast.ts';
import { type Checker, requireType, SECRET_HINT } from './checker.ts';
import { describeType, holdsSecret, joinTypes } from './type-of.ts';
import type { ExprType } from './types.ts';

type Binary = Extract<Node, { type: 'binary' }>;
export interface Operands {
  readonly left: ExprType;
  readonly right: ExprType;
}
const BOOLEAN: ExprType = { type: 'boolean' };
const NUMBER: ExprType = { type: 'number' };

/** The type of an operation with two operands. */
export function checkBinary(node: Binary, operands: Operands, checker: Checker): ExprType {
  switch (node.op) {
    case '??':
      return joinTypes(operands.left, operands.right);
    case '&&':
    case '||':
      return logic(node, operands, checker);
    case '==':
    case '!=':
      return equality(node, operands, checker);
    case 'in':
      return membership(node, operands, checker);
    case '<':
    case '<=':
    case '>':
    case '>=':
      return order(node, operands, checker);
    case '+':
    case '-':
    case '*':
    case '/':
    case '%':
      return arithmetic(node, operands, checker);
  }
}

function logic(node: Binary, { left, right }: Operands, checker: Checker): ExprType {
  const hint = node.op === '||' ? 'use ?? to give a default value' : 'compare it: inputs.size == "l"';
  const what = `"${node.op}"`;
  const isLeftWrong = left.type !== 'boolean' && left.type !== 'any';
  // One mistake, one message: `name || "x"` is wrong on both sides for the same reason.
  requireType(left, BOOLEAN, { at: node.left.at, what, hint }, checker);
  if (!isLeftWrong) requireType(right, BOOLEAN, { at: node.right.at, what, hint }, checker);
  return BOOLEAN;
}

function isSecret(node: Binary, { left, right }: Operands, checker: Checker): boolean {
  if (!holdsSecret(left) && !holdsSecret(right)) return false;
  checker.report(node.at, `"${node.op}" cannot look inside a secret`, SECRET_HINT);
  return true;
}

const isOpenType = ({ type }: ExprType): boolean => type === 'any' || type === 'null';

function equality(node: Binary, operands: Operands, checker: Checker): ExprType {
  const { left, right } = operands;
  if (!isSecret(node, operands, checker) && left.type !== right.type && !isOpenType(left) && !isOpenType(right)) {
    checker.report(node.at, `${describeType(left)} is never equal to ${describeType(right)}`, 'convert one side with number(…) or string(…)');
  }
  return BOOLEAN;
}

function membership(node: Binary, operands: Operands, checker: Checker): ExprType {
  const { left, right } = operands;
  if (right.type === 'object' && right.secret !== true) {
    requireType(left, { type: 'string' }, { at: node.left.at, what: '"in" an object' }, checker);
    return BOOLEAN;
  }
  if (isSecret(node, operands, checker) || right.type === 'any') return BOOLEAN;
  if (right.type === 'string') requireType(left, { type: 'string' }, { at: node.left.at, what: '"in" text' }, checker);
  else if (right.type !== 'array') checker.report(node.right.at, `"in" needs a list, an object or text, not ${describeType(right)}`);
  else if (left.type !== right.items.type && !isOpenType(left) && !isOpenType(right.items)) {
    checker.report(node.at, `${describeType(left)} is never in a list whose elements are each ${describeType(right.items)}`);
  }
  return BOOLEAN;
}

function order(node: Binary, operands: Operands, checker: Checker): ExprType {
  if (isSecret(node, operands, checker)) return BOOLEAN;
  for (const [type, at] of [
    [operands.left, node.left.at],
    [operands.right, node.right.at],
  ] as const) {
    if (!['any', 'number', 'string'].includes(type.type)) {
      checker.report(at, `"${node.op}" compares numbers or texts, not ${describeType(type)}`);
      return BOOLEAN;
    }
  }
  const { left, right } = operands;
  if (left.type !== right.type && left.type !== 'any' && right.type !== 'any') {
    checker.report(node.at, `${describeType(left)} and ${describeType(right)} have no order`, 'convert the text with number(…)');
  }
  return BOOLEAN;
}

function arithmetic(node: Binary, operands: Operands, checker: Checker): ExprType {
  const { left, right } = operands;
  if (isSecret(node, operands, checker)) return { type: 'any', secret: true };
  const isText = left.type === 'string' || right.type === 'string';
  if (node.op === '+' && isText) {
    const hint = 'use string(…), or write the text around the expression';
    requireType(left, { type: 'string' }, { at: node.left.at, what: '"+" with text', hint }, checker);
    requireType(right, { type: 'string' }, { at: node.right.at, what: '"+" with text', hint }, checker);
    return { type: 'string' };
  }
  const hint = 'convert it with number(…)';
  requireType(left, NUMBER, { at: node.left.at, what: `"${node.op}"`, hint }, checker);
  requireType(right, NUMBER, { at: node.right.at, what: `"${node.op}"`, hint }, checker);
  return node.op === '+' && left.type === 'any' && right.type === 'any' ? { type: 'any' } : NUMBER;
}
