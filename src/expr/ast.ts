/** Syntax tree of one expression. `at` is the offset in the whole text, in UTF-16 units. */
export type Node = { readonly at: number } & (
  | { readonly type: 'literal'; readonly value: null | boolean | number | string }
  | { readonly type: 'name'; readonly name: string }
  /** The element a projection is looking at. */
  | { readonly type: 'current' }
  | { readonly type: 'member'; readonly object: Node; readonly key: string }
  | { readonly type: 'index'; readonly object: Node; readonly index: Node }
  /** `list[*]…`: `body` for each element, starting from `current`. */
  | { readonly type: 'project'; readonly object: Node; readonly body: Node }
  | { readonly type: 'array'; readonly items: readonly Node[] }
  | { readonly type: 'unary'; readonly op: '!' | '-'; readonly operand: Node }
  | { readonly type: 'binary'; readonly op: BinaryOp; readonly left: Node; readonly right: Node }
  | { readonly type: 'ternary'; readonly test: Node; readonly yes: Node; readonly no: Node }
  | { readonly type: 'call'; readonly name: string; readonly args: readonly Node[] }
);

export type BinaryOp = '+' | '-' | '*' | '/' | '%' | '==' | '!=' | '<' | '<=' | '>' | '>=' | '&&' | '||' | '??' | 'in';

/** Text with expressions in it, parsed once. */
export interface Template {
  readonly text: string;
  readonly parts: readonly TemplatePart[];
  /** The text is exactly one expression and keeps its type; otherwise the parts are joined to a string. */
  readonly whole: Node | undefined;
}
export type TemplatePart = { readonly type: 'text'; readonly text: string } | { readonly type: 'expression'; readonly at: number; readonly node: Node };

/** A mistake while reading an expression; never leaves this module. */
export class ExprSyntaxError extends Error {
  readonly offset: number;
  readonly hint: string | undefined;

  constructor(offset: number, message: string, hint?: string) {
    super(message);
    this.offset = offset;
    this.hint = hint;
  }
}
