import type { Json } from '../core/pure.ts';

/** Static type of an expression; `secret` taints everything computed from it. */
export type ExprType = { readonly secret?: boolean } & (
  | { readonly type: 'any' | 'null' | 'boolean' | 'number' | 'string' }
  | { readonly type: 'array'; readonly items: ExprType }
  /** `open`: members beyond those listed may exist and are `any`. */
  | { readonly type: 'object'; readonly members: { readonly [name: string]: ExprType }; readonly open: boolean }
);

/** One mistake inside an expression; `offset` counts UTF-16 units from the start of the whole text. */
export interface ExprProblem {
  readonly offset: number;
  readonly message: string;
  readonly hint?: string;
}

/** A chain of names an expression reads: `steps.net.outputs` is `steps` with path `['net', 'outputs']`. */
export interface Reference {
  readonly name: string;
  /** Members written behind the name, up to the first that is computed. */
  readonly path: readonly string[];
  readonly offset: number;
}

/** Names an expression may use: `inputs`, `steps`, `run`, `runbook`, `environment`, `facts`, `item`, `index`, `host`, `hosts`. */
export interface Scope {
  readonly [name: string]: Json;
}

/** Where a secret is; the sealed text is in the journal's vault. Expressions pass it on and cannot look inside. */
export type SealedValue = { readonly $secret: string } | { readonly $secretText: readonly (string | { readonly $secret: string })[] };
