import { describeType, holdsSecret } from './type-of.ts';
import type { ExprType } from './types.ts';

export const SECRET_HINT = 'a secret can only be passed on whole, or put inside other text';

/** Static types of the names an expression may use. */
export interface TypeScope {
  readonly [name: string]: ExprType;
}
export interface Checker {
  readonly scope: TypeScope;
  readonly current: ExprType;
  readonly report: (at: number, message: string, hint?: string) => void;
}

/** Report an operand of another type, or a secret one. */
export function requireType(
  type: ExprType,
  wanted: ExprType,
  place: { readonly at: number; readonly what: string; readonly hint?: string },
  checker: Checker,
): void {
  if (holdsSecret(type)) checker.report(place.at, `${place.what} cannot look inside a secret`, SECRET_HINT);
  else if (type.type !== wanted.type && type.type !== 'any') {
    checker.report(place.at, `${place.what} needs ${describeType(wanted)}, not ${describeType(type)}`, place.hint);
  }
}
