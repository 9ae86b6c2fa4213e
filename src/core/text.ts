/** Control characters, and characters that reorder text. */
// oxlint-disable-next-line no-control-regex -- they are what is looked for
export const UNSAFE = /[\u0000-\u0008\u000B-\u001F\u007F-\u009F\u200E\u200F\u202A-\u202E\u2066-\u2069\uFEFF]/g;

/** Text from outside on one line that steers no terminal. */
export function clean(text: string): string {
  return text.replaceAll(UNSAFE, '').replaceAll(/\s+/g, ' ').trim();
}
