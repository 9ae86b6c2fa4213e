import { ANY, joinTypes } from './type-of.ts';
import type { ExprType } from './types.ts';

type Name = ExprType['type'];
/** What a function takes and gives. */
export interface Signature {
  /** Types each argument may have; the last entry is repeated for further arguments. */
  readonly params: readonly (readonly Name[])[];
  readonly least: number;
  readonly most: number;
  readonly result: (args: readonly ExprType[]) => ExprType;
}

const TEXT: ExprType = { type: 'string' };
const NUMBER: ExprType = { type: 'number' };
const BOOLEAN: ExprType = { type: 'boolean' };
const listOf = (items: ExprType): ExprType => ({ type: 'array', items });

const text = ['string'] as const;
const number = ['number'] as const;
const list = ['array'] as const;
const object = ['object'] as const;
const anything: readonly Name[] = [];

function signature(params: Signature['params'], result: ExprType | Signature['result'], arity: { least?: number; most?: number } = {}): Signature {
  return {
    params,
    least: arity.least ?? params.length,
    most: arity.most ?? params.length,
    result: typeof result === 'function' ? result : () => result,
  };
}

const itemsOf = (type: ExprType | undefined): ExprType => (type?.type === 'array' ? type.items : ANY);
const valuesOf = (type: ExprType | undefined): ExprType => {
  if (type?.type !== 'object' || type.open) return ANY;
  return Object.values(type.members).reduce<ExprType | undefined>(joinTypes, undefined) ?? ANY;
};
const same = ([type]: readonly ExprType[]): ExprType => type ?? ANY;
const comparable = (args: readonly ExprType[]): ExprType =>
  args.length === 1 ? itemsOf(args[0]) : (args.reduce<ExprType | undefined>(joinTypes, undefined) ?? ANY);

/** Every function of the language; `functions.ts` and `functions-text.ts` have what they do. */
export const SIGNATURES: ReadonlyMap<string, Signature> = new Map(
  Object.entries({
    length: signature([['string', 'array', 'object']], NUMBER),
    contains: signature([['string', 'array'], anything], BOOLEAN),
    startsWith: signature([text, text], BOOLEAN),
    endsWith: signature([text, text], BOOLEAN),
    lower: signature([text], TEXT),
    upper: signature([text], TEXT),
    trim: signature([text], TEXT),
    split: signature([text, text], listOf(TEXT)),
    join: signature([list, text], TEXT, { least: 1 }),
    replace: signature([text, text, text], TEXT),
    min: signature([['number', 'string', 'array']], comparable, { most: Infinity }),
    max: signature([['number', 'string', 'array']], comparable, { most: Infinity }),
    round: signature([number, number], NUMBER, { least: 1 }),
    floor: signature([number], NUMBER),
    ceil: signature([number], NUMBER),
    abs: signature([number], NUMBER),
    keys: signature([object], listOf(TEXT)),
    values: signature([object], ([type]) => listOf(valuesOf(type))),
    has: signature(
      [
        ['object', 'array'],
        ['string', 'number'],
      ],
      BOOLEAN,
    ),
    default: signature([anything, anything], (args) => args.reduce<ExprType | undefined>(joinTypes, undefined) ?? ANY),
    toJson: signature([anything], TEXT),
    fromJson: signature([text], ANY),
    format: signature([text, anything], TEXT, { least: 1, most: Infinity }),
    range: signature([number, number], listOf(NUMBER), { least: 1 }),
    first: signature([list], ([type]) => itemsOf(type)),
    last: signature([list], ([type]) => itemsOf(type)),
    unique: signature([list], same),
    sort: signature([list], same),
    number: signature([['string', 'number', 'boolean']], NUMBER),
    string: signature([anything], TEXT),
  }),
);
