import { clean } from './clean.ts';
import { cleanLines } from './plan/words.ts';

/** Text from outside as text in Markdown: one line, no markup, no HTML, no link, no mention, no issue reference. */
export function plain(text: string): string {
  return clean(text)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll(/[\\`*_{}[\]()|~#!$]/g, String.raw`\$&`)
    .replaceAll('@', '@\u200B')
    .replaceAll('://', ':\u200B//')
    .replaceAll(/\bwww\./gi, (found) => `${found.slice(0, -1)}\u200B.`);
}

/** Text from outside in a code span that it cannot leave, also inside a table. */
export function code(text: string): string {
  const inside = clean(text)
    .replaceAll('`', "'")
    .replaceAll('|', String.raw`\|`);
  return inside === '' ? '' : `\`${inside}\``;
}

/** A link whose words are Markdown already; only the words where the address is none that a browser may follow. */
export function link(words: string, address: string | undefined): string {
  if (address === undefined || !URL.canParse(address) || !/^https?:$/.test(new URL(address).protocol)) return words;
  return `[${words}](${new URL(address).href.replaceAll(/[()<>|\\`]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`)})`;
}

/** Lines from outside in a block that they cannot leave. */
export function block(lines: readonly string[], language: string): string {
  const safe = lines.flatMap(cleanLines);
  const longest = Math.max(0, ...safe.flatMap((line) => line.match(/`+/g) ?? []).map((ticks) => ticks.length));
  const fence = '`'.repeat(Math.max(3, longest + 1));
  return [fence + language, ...safe, fence].join('\n');
}
