import { isArray, isObject, type Json } from '../core/pure.ts';
import { type Budget, sizeOf, spend } from './budget.ts';
import { holdsSealed, isSealed } from './sealed.ts';
import { textFunctions } from './functions-text.ts';
import { compare, equal, finite, memberOf } from './values.ts';

/** A function of the language: total, gives null for arguments it does not understand. */
export type Func = (args: readonly Json[], budget: Budget) => Json;

const MOST_RANGE = 1_000;

const numeric =
  (operation: (value: number) => number): Func =>
  ([value]) =>
    typeof value === 'number' ? finite(operation(value)) : null;

/** Least or greatest (sign -1, 1) of the arguments, or of the one list. */
const extreme =
  (sign: number): Func =>
  (args) => {
    const [only] = args;
    const values = args.length === 1 && only !== undefined && isArray(only) ? only : args;
    let best: Json = values[0] ?? null;
    for (const value of values) {
      const order = compare(value, best);
      if (order === undefined) return null;
      if (order * sign > 0) best = value;
    }
    return best;
  };

const listFunctions: Readonly<Record<string, Func>> = {
  first: ([list]) => (list !== undefined && isArray(list) ? (list[0] ?? null) : null),
  last: ([list]) => (list !== undefined && isArray(list) ? (list.at(-1) ?? null) : null),
  unique: ([list], budget) => {
    if (list === undefined || !isArray(list)) return null;
    const kept: Json[] = [];
    for (const item of list) {
      if (!spend(budget, kept.length + 1)) return null;
      if (!kept.some((other) => equal(item, other))) kept.push(item);
    }
    return kept;
  },
  sort: ([list], budget) => {
    if (list === undefined || !isArray(list) || !spend(budget, list.length)) return null;
    const [head] = list;
    if (list.some((item) => compare(item, head ?? null) === undefined)) return null;
    return list.toSorted((a, b) => compare(a, b) ?? 0);
  },
  range: (args, budget) => {
    const [from, to] = args.length === 1 ? [0, args[0]] : args;
    if (typeof from !== 'number' || typeof to !== 'number' || !Number.isSafeInteger(from) || !Number.isSafeInteger(to)) return null;
    const length = Math.max(0, to - from);
    if (length > MOST_RANGE || !spend(budget, length)) return null;
    return Array.from({ length }, (_, index) => from + index);
  },
};

const objectFunctions: Readonly<Record<string, Func>> = {
  keys: ([value]) => (isObject(value) ? Object.keys(value).sort() : null),
  values: ([value]) => {
    if (!isObject(value)) return null;
    return Object.keys(value)
      .sort()
      .map((key) => value[key] ?? null);
  },
  has: ([value, key]) => {
    if (value === undefined || key === undefined) return null;
    if (isArray(value)) return typeof key === 'number' && memberOf(value, key) !== null;
    return isObject(value) && typeof key === 'string' && Object.hasOwn(value, key) && value[key] !== null;
  },
};

const anyFunctions: Readonly<Record<string, Func>> = {
  length: ([value]) => {
    if (typeof value === 'string') return value.length;
    if (value !== undefined && isArray(value)) return value.length;
    return isObject(value) ? Object.keys(value).length : null;
  },
  contains: ([value, part]) => {
    if (typeof value === 'string') return typeof part === 'string' ? value.includes(part) : null;
    return value !== undefined && part !== undefined && isArray(value) ? value.some((item) => equal(item, part)) : null;
  },
  default: ([value, other]) => value ?? other ?? null,
  min: extreme(-1),
  max: extreme(1),
  round: ([value, digits]) => {
    if (typeof value !== 'number') return null;
    const scale = 10 ** Math.min(15, Math.max(0, typeof digits === 'number' ? Math.trunc(digits) : 0));
    return finite(Math.round(value * scale) / scale);
  },
  floor: numeric(Math.floor),
  ceil: numeric(Math.ceil),
  abs: numeric(Math.abs),
  number: ([value]) => {
    if (typeof value === 'boolean') return value ? 1 : 0;
    if (typeof value === 'string') return value.trim() === '' ? null : finite(Number(value));
    return typeof value === 'number' ? value : null;
  },
  toJson: ([value], budget) => {
    if (value === undefined || !spend(budget, sizeOf(value, budget.left))) return null;
    return JSON.stringify(value);
  },
};

const FUNCTIONS = new Map<string, Func>(Object.entries({ ...listFunctions, ...objectFunctions, ...anyFunctions, ...textFunctions }));
/** They look at the shape of a container only, so secrets inside it are no obstacle. */
const SHAPE_ONLY = new Set(['keys', 'has', 'length']);

/** Call a function by name; null for an unknown one, and for secrets, into which no function may look. */
export function callFunction(name: string, args: readonly Json[], budget: Budget): Json {
  const func = FUNCTIONS.get(name);
  const isHidden = SHAPE_ONLY.has(name) ? args.some(isSealed) : args.some((arg) => holdsSealed(arg));
  return func === undefined || isHidden ? null : func(args, budget);
}

/** The names of all functions. */
export const functionNames: readonly string[] = [...FUNCTIONS.keys()].sort();
