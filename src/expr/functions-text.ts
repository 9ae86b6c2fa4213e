import { isArray, type Json } from '../core/pure.ts';
import { type Budget, sizeOf, spend } from './budget.ts';
import type { Func } from './functions.ts';
import { finite, textOf } from './values.ts';

const MOST_JSON_DEPTH = 50;
const RESERVED = new Set(['$secret', '$secretText']);

const onText =
  (operation: (text: string) => Json): Func =>
  ([text], budget) =>
    typeof text === 'string' && spend(budget, text.length) ? operation(text) : null;
const onTexts =
  (operation: (text: string, other: string) => Json): Func =>
  ([text, other]) =>
    typeof text === 'string' && typeof other === 'string' ? operation(text, other) : null;

/** Text of a value inside other text, or undefined when the allowance is used up. */
function affordableText(value: Json, budget: Budget): string | undefined {
  return spend(budget, sizeOf(value, budget.left)) ? textOf(value) : undefined;
}

function joinAll(texts: readonly Json[], separator: string, budget: Budget): Json {
  let joined = '';
  for (const [index, value] of texts.entries()) {
    const text = affordableText(value, budget);
    if (text === undefined || !spend(budget, separator.length)) return null;
    joined += index === 0 ? text : separator + text;
  }
  return joined;
}

function replaceAll(text: string, [from, to]: readonly [string, string], budget: Budget): Json {
  if (from === '') return text;
  const pieces = text.split(from);
  if (!spend(budget, text.length + (pieces.length - 1) * to.length)) return null;
  return pieces.join(to);
}

function fill(pattern: string, args: readonly Json[], budget: Budget): Json {
  let isAffordable = spend(budget, pattern.length);
  const filled = pattern.replaceAll(/\{(\d{1,3})\}/g, (whole, digits: string) => {
    const index = Number(digits);
    if (!isAffordable || index >= args.length) return whole;
    const text = affordableText(args[index] ?? null, budget);
    isAffordable = text !== undefined;
    return text ?? '';
  });
  return isAffordable ? filled : null;
}

/** JSON text to a value; null when it is not JSON, nests too deeply, or would forge the place holder of a secret. */
function readJson(text: string): Json {
  if (nestingOf(text) > MOST_JSON_DEPTH) return null;
  try {
    const value = JSON.parse(text) as Json; // JSON.parse gives nothing but JSON
    return isClean(value) ? value : null;
  } catch {
    return null;
  }
}

function nestingOf(text: string): number {
  let depth = 0;
  let deepest = 0;
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"|[[{\]}]/gs)) {
    if (token === '[' || token === '{') deepest = Math.max(deepest, ++depth);
    else if (token.length === 1) depth--;
  }
  return deepest;
}

function isClean(value: Json): boolean {
  if (typeof value === 'number') return Number.isFinite(value);
  if (value === null || typeof value !== 'object') return true;
  if (isArray(value)) return value.every(isClean);
  return Object.entries(value).every(([key, child]) => !RESERVED.has(key) && isClean(child));
}

export const textFunctions: Readonly<Record<string, Func>> = {
  startsWith: onTexts((text, part) => text.startsWith(part)),
  endsWith: onTexts((text, part) => text.endsWith(part)),
  lower: onText((text) => text.toLowerCase()),
  upper: onText((text) => text.toUpperCase()),
  trim: onText((text) => text.trim()),
  split: ([text, separator], budget) => {
    if (typeof text !== 'string' || typeof separator !== 'string' || !spend(budget, text.length)) return null;
    return text.split(separator);
  },
  join: ([list, separator], budget) => {
    if (list === undefined || !isArray(list) || (separator !== undefined && typeof separator !== 'string')) return null;
    return joinAll(list, separator ?? ', ', budget);
  },
  replace: ([text, from, to], budget) => {
    if (typeof text !== 'string' || typeof from !== 'string' || typeof to !== 'string') return null;
    return replaceAll(text, [from, to], budget);
  },
  format: ([pattern, ...args], budget) => (typeof pattern === 'string' ? fill(pattern, args, budget) : null),
  fromJson: onText(readJson),
  string: ([value], budget) => (value === undefined ? null : (affordableText(value, budget) ?? null)),
};

/** `+` on two texts. */
export function concat(a: string, b: string, budget: Budget): Json {
  return spend(budget, a.length + b.length) ? a + b : null;
}

/** Arithmetic on two numbers; null where mathematics has no answer. */
export function arithmetic(op: '+' | '-' | '*' | '/' | '%', a: number, b: number): Json {
  switch (op) {
    case '+':
      return finite(a + b);
    case '-':
      return finite(a - b);
    case '*':
      return finite(a * b);
    case '/':
      return b === 0 ? null : finite(a / b);
    case '%':
      return b === 0 ? null : finite(a % b);
  }
}
