import type { z } from 'zod';
import { didYouMean, isArray, isObject, type Json } from '../../core/index.ts';
import type { Mistake } from '../report.ts';

type Issue = z.core.$ZodIssue;
type Words = Pick<Mistake, 'code' | 'message' | 'hint'>;

const TYPE_WORDS: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a map',
  record: 'a map',
  null: 'empty',
};

/** The value as a person sees it, shortened; a password in an address is nobody's business. */
export function shown(value: Json): string {
  const text = JSON.stringify(value).replaceAll(/:\/\/[^/@\s"]+@/g, '://(hidden)@');
  return text.length <= 60 ? text : `${text.slice(0, 57)}…`;
}

function kindOfValue(value: Json): string {
  if (value === null) return 'empty';
  if (isArray(value)) return 'a list';
  if (isObject(value)) return 'a map';
  if (typeof value === 'string') return `the text ${shown(value)}`;
  return shown(value);
}

/** A written value and its key, or position in a list. */
interface Written {
  readonly value: Json;
  readonly key: string | number | undefined;
  /** Where it is written: what stands in a list of secrets is one too. */
  readonly path?: readonly (string | number)[];
}
const DELICATE = /pass(?:word|phrase)|secret|token|credential|privatekey/i;

/** Plain words for one issue about a written value. `expected` lists the types when several are possible. */
export function inputWords(issue: Issue, { value, key, path = [] }: Written, expected?: readonly string[]): Words {
  const what = typeof key === 'string' ? `"${key}"` : typeof key === 'number' ? `entry ${key + 1}` : 'the file';
  const words = wordsOf(issue, { what, value }, expected);
  // Somebody may have written a secret where only a reference to one belongs: never repeat it.
  const isDelicate = [...path, key].some((name) => typeof name === 'string' && DELICATE.test(name)) && value !== null && typeof value !== 'object';
  if (!isDelicate) return words;
  const { hint } = words;
  return { ...words, message: words.message.replaceAll(shown(value), '(hidden)'), hint: hint?.includes(String(value)) === true ? undefined : hint };
}

function wordsOf(issue: Issue, { what, value }: { readonly what: string; readonly value: Json }, expected?: readonly string[]): Words {
  switch (issue.code) {
    case 'invalid_type':
      return typeWords(what, value, expected ?? [issue.expected]);
    case 'invalid_value':
      return choiceWords(what, value, issue.values.map(String));
    case 'invalid_union':
      return choiceWords(what, value, 'options' in issue && Array.isArray(issue.options) ? issue.options.map(String) : []);
    case 'too_small':
    case 'too_big':
      return sizeWords(what, value, issue);
    case 'invalid_format':
    case 'custom':
      return formatWords(what, value, issue.message);
    case 'not_multiple_of':
      return { code: 'OUT_OF_RANGE', message: `${what} is ${shown(value)}, which is no multiple of ${issue.divisor}` };
    case 'invalid_key':
    case 'invalid_element':
    case 'unrecognized_keys':
      return { code: 'BAD_VALUE', message: `${what} cannot be ${shown(value)}` };
  }
}

function typeWords(what: string, value: Json, expected: readonly string[]): Words {
  const words = [...new Set(expected.map((name) => TYPE_WORDS[name] ?? name))].join(' or ');
  const isEmpty = value === null;
  return {
    code: 'WRONG_TYPE',
    message: isEmpty ? `${what} is empty` : `${what} must be ${words}, not ${kindOfValue(value)}`,
    hint: typeHint(value, expected, words),
  };
}

function typeHint(value: Json, expected: readonly string[], words: string): string | undefined {
  if (value === null) return `give it ${words}, or remove the key`;
  if (expected.includes('array') && (typeof value === 'string' || isObject(value)))
    return typeof value === 'string' ? `write [${value}]` : 'start each entry with "- "';
  if (expected.includes('string') && (typeof value === 'number' || typeof value === 'boolean')) return `put it in quotes: "${String(value)}"`;
  if (expected.includes('boolean') && typeof value === 'string' && /^(yes|no|on|off|true|false)$/i.test(value))
    return `write ${/^(yes|on|true)$/i.test(value) ? 'true' : 'false'} without quotes`;
  if ((expected.includes('number') || expected.includes('int')) && typeof value === 'string' && value.trim() !== '' && Number.isFinite(Number(value)))
    return 'remove the quotes';
  if ((expected.includes('object') || expected.includes('record')) && isArray(value)) return 'write key: value, without dashes';
  return undefined;
}

function choiceWords(what: string, value: Json, options: readonly string[]): Words {
  const list = options.join(', ');
  if (options.length === 1) return { code: 'BAD_VALUE', message: `${what} must be ${list}, not ${kindOfValue(value)}`, hint: `write ${list}` };
  const near = typeof value === 'string' ? didYouMean(value, options) : undefined;
  return {
    code: 'BAD_VALUE',
    message: `${what} cannot be ${kindOfValue(value)}`,
    hint: near === undefined ? `use one of ${list}` : `did you mean "${near}"? allowed: ${list}`,
  };
}

function sizeWords(what: string, value: Json, issue: Extract<Issue, { code: 'too_small' | 'too_big' }>): Words {
  const isSmall = issue.code === 'too_small';
  const limit = String(isSmall ? issue.minimum : issue.maximum);
  if (issue.origin === 'array')
    return { code: 'OUT_OF_RANGE', message: `${what} has ${isSmall ? 'too few' : 'too many'} entries`, hint: `${isSmall ? 'at least' : 'at most'} ${limit}` };
  if (issue.origin === 'string') {
    if (value === '') return { code: 'OUT_OF_RANGE', message: `${what} is empty text`, hint: 'write something, or remove the key' };
    return { code: 'OUT_OF_RANGE', message: `${what} is too ${isSmall ? 'short' : 'long'}`, hint: `${isSmall ? 'at least' : 'at most'} ${limit} characters` };
  }
  const bound = issue.inclusive === false ? (isSmall ? `more than ${limit}` : `less than ${limit}`) : `${isSmall ? 'at least' : 'at most'} ${limit}`;
  return { code: 'OUT_OF_RANGE', message: `${what} is ${shown(value)}, which is too ${isSmall ? 'small' : 'large'}`, hint: `use ${bound}` };
}

/** Messages of our own shapes start in lower case: `not a duration; write for example 30s`. zod's own are never shown. */
function formatWords(what: string, value: Json, message: string): Words {
  const isOurs = /^[a-z]/.test(message);
  const at = message.indexOf('; ');
  const first = at < 0 ? message : message.slice(0, at);
  const hint = isOurs && at >= 0 ? message.slice(at + 2) : undefined;
  if (!isOurs) return { code: 'BAD_FORMAT', message: `${what} has the wrong form: ${shown(value)}` };
  const isObjectValue = value !== null && typeof value === 'object';
  if (!first.startsWith('not ')) return { code: 'BAD_VALUE', message: isObjectValue ? `${what}: ${first}` : `${what} is ${shown(value)}: ${first}`, hint };
  return { code: 'BAD_FORMAT', message: isObjectValue ? `${what} is ${first}` : `${what} is ${shown(value)}, which is ${first}`, hint };
}
