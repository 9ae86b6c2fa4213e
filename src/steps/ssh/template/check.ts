import { type ExprProblem, type ExprType, type Template as Text, typeOf, type TypeScope } from '../../../expr/index.ts';
import type { Block, TemplateProblem } from './ast.ts';

/** Every mistake that shows without rendering: unknown names, conditions that are no yes or no, lists that are none. */
export function checkBlocks(blocks: readonly Block[], scope: TypeScope): readonly TemplateProblem[] {
  return blocks.flatMap((block) => checkBlock(block, scope));
}

function checkBlock(block: Block, scope: TypeScope): readonly TemplateProblem[] {
  switch (block.type) {
    case 'line':
      // A line is text, also when it is nothing but one expression.
      return at(block.line, typeOf({ ...block.text, whole: undefined }, scope).problems);
    case 'if':
      return [
        ...block.branches.flatMap(({ line, test, body }) => [...expect(test, { line, scope, type: 'boolean' }), ...checkBlocks(body, scope)]),
        ...checkBlocks(block.otherwise, scope),
      ];
    case 'for': {
      const { type } = typeOf(block.list, scope);
      const item: ExprType = type.type === 'array' ? type.items : { type: 'any' };
      const inner = { ...scope, [block.name]: item, index: { type: 'number' } } as const;
      return [...expect(block.list, { line: block.line, scope, type: 'array' }), ...checkBlocks(block.body, inner)];
    }
  }
}

function expect(
  text: Text,
  { line, scope, type }: { readonly line: number; readonly scope: TypeScope; readonly type: 'boolean' | 'array' },
): readonly TemplateProblem[] {
  const found = typeOf(text, scope);
  const problems = at(line, found.problems);
  if (found.type.secret === true) return [...problems, { line, message: 'a secret cannot decide anything', hint: 'a secret can only be put into the text' }];
  if (found.type.type === type || found.type.type === 'any') return problems;
  const [wanted, hint] = type === 'boolean' ? ['a condition is true or false', 'compare it: vars.size == "l"'] : ['for needs a list', 'give it a list'];
  return [...problems, { line, message: `${wanted}, not ${found.type.type}`, hint }];
}

function at(line: number, problems: readonly ExprProblem[]): readonly TemplateProblem[] {
  return problems.map(({ message, hint }) => ({ line, message, ...(hint === undefined ? {} : { hint }) }));
}
