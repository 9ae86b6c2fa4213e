import { isArray, type Json } from '../core/pure.ts';

const MOST_PRODUCED = 1024 * 1024;
const MOST_DEPTH = 100;

/** What one evaluation may still produce, in characters and list elements together. */
export interface Budget {
  left: number;
}

/** A fresh allowance: one Mi of characters and elements. */
export function newBudget(): Budget {
  return { left: MOST_PRODUCED };
}

/** Take `size` from the allowance; false, and nothing is left, when it was not enough. */
export function spend(budget: Budget, size: number): boolean {
  budget.left = size <= budget.left ? budget.left - size : -1;
  return budget.left >= 0;
}

/** Roughly the length of the value as JSON text, or Infinity when that is more than `limit` or nested too deeply. */
export function sizeOf(value: Json, limit: number, depth = 0): number {
  if (typeof value === 'string') return value.length + 2;
  if (value === null || typeof value !== 'object') return 24;
  if (depth > MOST_DEPTH) return Infinity;
  let size = 2;
  const add = (child: Json, extra: number): void => {
    size += extra + (size > limit ? Infinity : sizeOf(child, limit - size, depth + 1));
  };
  if (isArray(value)) for (const child of value) add(child, 1);
  else for (const [key, child] of Object.entries(value)) add(child, key.length + 4);
  return size > limit ? Infinity : size;
}
