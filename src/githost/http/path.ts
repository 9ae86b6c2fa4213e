import { HostError } from '../error.ts';

/**
 * A path whose values stay what they are: each becomes one segment, however many slashes it has. A value that names no segment is refused.
 *
 * @throws {HostError} `HOST_NAME`.
 */
export function apiPath(words: TemplateStringsArray, ...values: readonly (string | number)[]): string {
  return words.reduce((path, word, index) => path + segment(values[index - 1] ?? '') + word);
}

/** Values that are themselves paths keep their slashes. */
export function eachSegment(path: string): string {
  return path.split('/').map(segment).join('/');
}

function segment(value: string | number): string {
  const text = String(value);
  if (text === '' || text === '.' || text === '..') throw new HostError('HOST_NAME', `"${text}" cannot be part of an address`);
  return encodeURIComponent(text);
}
