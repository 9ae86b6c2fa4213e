import type { Template as Text } from '../../../expr/index.ts';

/** A part of a template. Line numbers start at 1. */
export type Block =
  | { readonly type: 'line'; readonly line: number; readonly text: Text }
  | { readonly type: 'if'; readonly branches: readonly Branch[]; readonly otherwise: readonly Block[] }
  | { readonly type: 'for'; readonly line: number; readonly name: string; readonly list: Text; readonly body: readonly Block[] };
export interface Branch {
  readonly line: number;
  readonly test: Text;
  readonly body: readonly Block[];
}

/** One mistake in a template. */
export interface TemplateProblem {
  readonly line: number;
  readonly message: string;
  readonly hint?: string;
}
