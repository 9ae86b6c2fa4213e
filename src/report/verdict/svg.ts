import { clean } from '../clean.ts';

/** Attributes of an element; numbers are written with at most two decimals, so that the same picture has the same bytes. */
export type Attributes = { readonly [name: string]: string | number };

/** One element. Values are escaped; `inside` is markup already. */
export function element(name: string, attributes: Attributes, inside = ''): string {
  const words = Object.entries(attributes).map(([key, value]) => ` ${key}="${typeof value === 'number' ? round(value) : escaped(value)}"`);
  return inside === '' ? `<${name}${words.join('')}/>` : `<${name}${words.join('')}>${inside}</${name}>`;
}

/** Text from anywhere as text. */
export function textElement(text: string, attributes: Attributes): string {
  return element('text', { 'font-family': 'system-ui, sans-serif', 'font-size': 12, fill: '#1f2933', ...attributes }, escaped(text));
}

export function escaped(text: string): string {
  return clean(text).replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;').replaceAll("'", '&#39;');
}

export function round(value: number): string {
  return String(Math.round(value * 100) / 100);
}

/** Words in lines of at most `most` characters. */
export function lines(text: string, most: number): readonly string[] {
  const found: string[] = [];
  for (const word of clean(text).split(' ')) {
    const last = found.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= most) found[found.length - 1] = `${last} ${word}`;
    else found.push(word.slice(0, most));
  }
  return found;
}
