import { didYouMean } from '../core/pure.ts';
import type { Node, Template } from './ast.ts';
import { checkBinary } from './check-binary.ts';
import { type Checker, requireType, SECRET_HINT, type TypeScope } from './checker.ts';
import { namePaths } from './deep.ts';
import { SIGNATURES } from './signatures.ts';
import { ANY, describeType, holdsSecret, joinTypes } from './type-of.ts';
import type { ExprProblem, ExprType, Reference } from './types.ts';

const SHAPE_ONLY = new Set(['keys', 'has', 'length']);

/**
 * Check a template without running it.
 *
 * @returns its type, every mistake, and every name it reads in the order of the text.
 */
export function typeOf(template: Template, scope: TypeScope): { readonly type: ExprType; readonly problems: ExprProblem[]; readonly references: Reference[] } {
  const problems: ExprProblem[] = [];
  const report = (offset: number, message: string, hint?: string): void => void problems.push({ offset, message, ...(hint === undefined ? {} : { hint }) });
  const checker: Checker = { scope, current: ANY, report };
  const nodes = template.parts.flatMap((part) => (part.type === 'expression' ? [part.node] : []));
  const types = nodes.map((node) => check(node, checker));
  const references = nodes.flatMap((node) => [...namePaths(node)].map(({ name, path, at }) => ({ name, path, offset: at })));
  const [only] = types;
  if (template.whole && only) return { type: only, problems, references };
  for (const [index, type] of types.entries()) checkInterpolated(type, nodes[index]?.at ?? 0, report);
  return { type: { type: 'string', ...(types.some(holdsSecret) ? { secret: true } : {}) }, problems, references };
}

function checkInterpolated(type: ExprType, at: number, report: Checker['report']): void {
  if (type.type === 'array' || type.type === 'object') {
    report(
      at,
      `${describeType(type)} cannot be put inside text`,
      type.type === 'array' ? 'use join(…, ", ") or toJson(…)' : 'name one of its members, or use toJson(…)',
    );
  }
}

/** The type of a node; mistakes in it are reported once, and its type is then `any` so that they do not cascade. */
function check(node: Node, checker: Checker): ExprType {
  switch (node.type) {
    case 'literal':
      return node.value === null ? { type: 'null' } : { type: typeof node.value as 'boolean' | 'number' | 'string' }; // a literal is nothing else
    case 'name':
      return nameType(node, checker);
    case 'current':
      return checker.current;
    case 'member':
      return memberType(check(node.object, checker), node, checker);
    case 'index':
      return indexType(node, checker);
    case 'project':
      return projectType(node, checker);
    case 'array':
      return { type: 'array', items: node.items.map((item) => check(item, checker)).reduce<ExprType | undefined>(joinTypes, undefined) ?? ANY };
    case 'unary':
      return unaryType(node, checker);
    case 'ternary':
      return ternaryType(node, checker);
    case 'call':
      return callType(node, checker);
    case 'binary':
      return checkBinary(node, { left: check(node.left, checker), right: check(node.right, checker) }, checker);
  }
}

function nameType(node: Extract<Node, { type: 'name' }>, { scope, report }: Checker): ExprType {
  const type = Object.hasOwn(scope, node.name) ? scope[node.name] : undefined;
  if (type) return type;
  report(node.at, `unknown name "${node.name}"`, suggestion(node.name, Object.keys(scope)));
  return ANY;
}

function suggestion(wrong: string, known: readonly string[]): string {
  const near = didYouMean(wrong, known);
  if (near !== undefined) return `did you mean "${near}"?`;
  return known.length === 0 ? 'there are none here' : `known here: ${known.slice(0, 20).join(', ')}`;
}

function memberType(object: ExprType, node: Extract<Node, { type: 'member' }>, { report }: Checker): ExprType {
  if (object.secret === true) {
    report(node.at, `cannot look inside a secret for "${node.key}"`, SECRET_HINT);
    return ANY;
  }
  if (object.type === 'any') return ANY;
  if (object.type !== 'object') {
    report(
      node.at,
      `${describeType(object)} has no member "${node.key}"`,
      object.type === 'array' ? `use [0], or [*].${node.key} for all elements` : undefined,
    );
    return ANY;
  }
  const member = Object.hasOwn(object.members, node.key) ? object.members[node.key] : undefined;
  if (member) return member;
  if (!object.open) report(node.at, `unknown member "${node.key}"${ownerOf(node.object)}`, memberHint(node.key, Object.keys(object.members)));
  return ANY;
}

function memberHint(key: string, known: readonly string[]): string {
  const minus = known.find((name) => key.startsWith(`${name}-`));
  return minus === undefined ? suggestion(key, known) : 'put a space on both sides of the minus sign to subtract';
}

function ownerOf(node: Node): string {
  const text = sourceOf(node);
  return text === undefined ? '' : ` of ${text}`;
}

function sourceOf(node: Node): string | undefined {
  if (node.type === 'name') return node.name;
  if (node.type !== 'member') return undefined;
  const object = sourceOf(node.object);
  return object === undefined ? undefined : `${object}.${node.key}`;
}

function indexType(node: Extract<Node, { type: 'index' }>, checker: Checker): ExprType {
  const object = check(node.object, checker);
  const index = check(node.index, checker);
  if (object.secret === true || index.secret === true) {
    checker.report(node.at, 'cannot look inside a secret', SECRET_HINT);
    return ANY;
  }
  if (object.type === 'any') return ANY;
  if (object.type !== 'array' && object.type !== 'object') {
    checker.report(node.at, `${describeType(object)} has no elements`);
    return ANY;
  }
  const wanted = object.type === 'array' ? 'number' : 'string';
  if (index.type !== wanted && index.type !== 'any')
    checker.report(node.index.at, `${describeType(object)} is indexed by ${describeType({ type: wanted })}, not ${describeType(index)}`);
  return object.type === 'array' ? object.items : joined(object);
}

function joined(object: Extract<ExprType, { type: 'object' }>): ExprType {
  const known = Object.values(object.members).reduce<ExprType | undefined>(joinTypes, undefined);
  return object.open || known === undefined ? { ...ANY, ...(known && holdsSecret(known) ? { secret: true } : {}) } : known;
}

function projectType(node: Extract<Node, { type: 'project' }>, checker: Checker): ExprType {
  const object = check(node.object, checker);
  if (object.secret === true) {
    checker.report(node.at, 'cannot look inside a secret', SECRET_HINT);
    return { type: 'array', items: ANY };
  }
  const current = object.type === 'array' ? object.items : object.type === 'object' ? joined(object) : ANY;
  if (object.type !== 'array' && object.type !== 'object' && object.type !== 'any') checker.report(node.at, `${describeType(object)} has no elements for [*]`);
  return { type: 'array', items: check(node.body, { ...checker, current }) };
}

function unaryType(node: Extract<Node, { type: 'unary' }>, checker: Checker): ExprType {
  const wanted: ExprType = { type: node.op === '!' ? 'boolean' : 'number' };
  requireType(check(node.operand, checker), wanted, { at: node.operand.at, what: `"${node.op}"` }, checker);
  return wanted;
}

function ternaryType(node: Extract<Node, { type: 'ternary' }>, checker: Checker): ExprType {
  requireType(
    check(node.test, checker),
    { type: 'boolean' },
    { at: node.test.at, what: 'the condition before "?"', hint: 'compare it: inputs.size == "l"' },
    checker,
  );
  return joinTypes(check(node.yes, checker), check(node.no, checker));
}

function callType(node: Extract<Node, { type: 'call' }>, checker: Checker): ExprType {
  const args = node.args.map((arg) => check(arg, checker));
  const signature = SIGNATURES.get(node.name);
  if (!signature) {
    checker.report(node.at, `unknown function "${node.name}"`, suggestion(node.name, [...SIGNATURES.keys()]));
    return ANY;
  }
  if (args.length < signature.least || args.length > signature.most) {
    checker.report(node.at, `${node.name} takes ${arityText(signature.least, signature.most)}, not ${args.length}`);
    return ANY;
  }
  for (const [index, type] of args.entries()) checkArgument(node, { index, type }, checker);
  return signature.result(args);
}

function arityText(least: number, most: number): string {
  const plural = (count: number): string => (count === 1 ? '1 argument' : `${count} arguments`);
  if (most === Infinity) return `at least ${plural(least)}`;
  return least === most ? plural(least) : `${least} to ${plural(most)}`;
}

function checkArgument(node: Extract<Node, { type: 'call' }>, { index, type }: { readonly index: number; readonly type: ExprType }, checker: Checker): void {
  const allowed = SIGNATURES.get(node.name)?.params.at(Math.min(index, (SIGNATURES.get(node.name)?.params.length ?? 1) - 1)) ?? [];
  const at = node.args[index]?.at ?? node.at;
  if (SHAPE_ONLY.has(node.name) ? type.secret === true : holdsSecret(type)) checker.report(at, `${node.name} cannot look inside a secret`, SECRET_HINT);
  else if (type.type !== 'any' && allowed.length > 0 && !allowed.includes(type.type)) {
    const wanted = allowed.map((name) =>
      describeType(name === 'array' ? { type: name, items: ANY } : name === 'object' ? { type: name, members: {}, open: true } : { type: name }),
    );
    checker.report(at, `argument ${index + 1} of ${node.name} must be ${wanted.join(' or ')}, not ${describeType(type)}`);
  }
}
