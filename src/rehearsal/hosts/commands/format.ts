const ESCAPES: { readonly [letter: string]: string } = { n: '\n', t: '\t', r: '\r', '\\': '\\', '0': '\0' };

/** What printf prints: `%s`, `%d`, `%%` with width, `%b` as `%s`; the format is used again while arguments are left. */
export function formatText(format: string, args: readonly string[]): string {
  const left = [...args];
  let text = '';
  do {
    const before = left.length;
    text += format.replaceAll(/\\(.)|%(-?)(\d*)([sdb%])/g, (...match: string[]) => {
      const [, escape, minus, width, verb] = match;
      if (escape !== undefined) return ESCAPES[escape] ?? `\\${escape}`;
      if (verb === '%') return '%';
      const value = left.shift() ?? (verb === 'd' ? '0' : '');
      return minus === '-' ? value.padEnd(Number(width)) : value.padStart(Number(width));
    });
    if (left.length === before) break;
  } while (left.length > 0);
  return text;
}
