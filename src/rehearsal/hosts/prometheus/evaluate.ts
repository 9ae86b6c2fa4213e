import type { History, Series } from './history.ts';
import type { Operator, PromQl } from './parse.ts';

/** One number of a vector; `key` tells its labels. A plain number has none. */
export interface Element {
  readonly key: string;
  readonly value: number;
}
export type Value = number | readonly Element[];

/** What a query gives at a time, in milliseconds since the epoch. */
export function evaluate(query: PromQl, at: number, history: History): Value {
  switch (query.type) {
    case 'number':
      return query.value;
    case 'vector':
      return [{ key: '', value: scalarOf(evaluate(query.of, at, history)) }];
    case 'sum': {
      const elements = elementsOf(evaluate(query.of, at, history));
      return elements.length === 0 ? [] : [{ key: '', value: elements.reduce((sum, { value }) => sum + value, 0) }];
    }
    case 'range':
      return history.series(query.name, query.matchers).flatMap((series) => changeOf(series, query, at));
    case 'binary':
      return combine(query.operator, evaluate(query.left, at, history), evaluate(query.right, at, history));
  }
}

/** The increase between the samples of the window, extrapolated to the whole of it as Prometheus does; nothing from less than two samples. */
function changeOf({ key, samples }: Series, { fn, windowMs }: Extract<PromQl, { type: 'range' }>, at: number): readonly Element[] {
  const inside = samples.filter((sample) => sample.at > at - windowMs && sample.at <= at);
  const [first, last] = [inside[0], inside.at(-1)];
  if (!first || !last || last.at === first.at) return [];
  const increase = ((last.value - first.value) * windowMs) / (last.at - first.at);
  return [{ key, value: fn === 'increase' ? increase : (increase * 1_000) / windowMs }];
}

function combine(operator: Operator, left: Value, right: Value): Value {
  if (operator === 'or') {
    const known = elementsOf(left);
    return [...known, ...elementsOf(right).filter(({ key }) => !known.some((element) => element.key === key))];
  }
  if (typeof left === 'number' && typeof right === 'number') return calculate(operator, left, right);
  if (typeof right === 'number') return elementsOf(left).map(({ key, value }) => ({ key, value: calculate(operator, value, right) }));
  if (typeof left === 'number') return right.map(({ key, value }) => ({ key, value: calculate(operator, left, value) }));
  return left.flatMap(({ key, value }) => {
    const other = right.find((element) => element.key === key);
    return other ? [{ key, value: calculate(operator, value, other.value) }] : [];
  });
}

function calculate(operator: Exclude<Operator, 'or'>, left: number, right: number): number {
  switch (operator) {
    case '+':
      return left + right;
    case '-':
      return left - right;
    case '*':
      return left * right;
    case '/':
      return left / right;
  }
}

function elementsOf(value: Value): readonly Element[] {
  return typeof value === 'number' ? [{ key: '', value }] : value;
}
function scalarOf(value: Value): number {
  return typeof value === 'number' ? value : (value[0]?.value ?? NaN);
}
