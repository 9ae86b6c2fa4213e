const MOST = 10_000;
const RANGE = /\[([0-9]+|[a-z]):([0-9]+|[a-z])\]/;

/** Does the text hold a range such as `[01:20]` or `[a:f]`? */
export function hasRange(text: string): boolean {
  return text.includes('[') || text.includes(']');
}

/**
 * The names a range stands for: `web[01:03]` is web01, web02, web03; several ranges multiply.
 *
 * @returns undefined when the range is not one, runs backwards, or stands for more than 10,000 names.
 */
export function expandRange(text: string): readonly string[] | undefined {
  let names = [text];
  for (let found = RANGE.exec(text); found; found = RANGE.exec(names[0] ?? '')) {
    const steps = stepsOf(found[1] ?? '', found[2] ?? '');
    if (!steps || names.length * steps.length > MOST) return undefined;
    names = names.flatMap((name) => steps.map((step) => name.replace(RANGE, step)));
  }
  return names.some(hasRange) ? undefined : names;
}

function stepsOf(from: string, to: string): readonly string[] | undefined {
  const isNumeric = /^\d+$/.test(from) && /^\d+$/.test(to);
  if (!isNumeric && (/^\d/.test(from) || /^\d/.test(to))) return undefined;
  const [first, last] = isNumeric ? [Number(from), Number(to)] : [from.charCodeAt(0), to.charCodeAt(0)];
  if (first > last || last - first >= MOST) return undefined;
  return Array.from({ length: last - first + 1 }, (_, index) =>
    isNumeric ? String(first + index).padStart(from.startsWith('0') ? from.length : 1, '0') : String.fromCharCode(first + index),
  );
}

/** Does a name match a glob of `*` (any text) and `?` (one character)? Linear in both. */
export function matchesGlob(name: string, glob: string): boolean {
  let [at, inGlob] = [0, 0];
  let [starAt, starName] = [-1, 0];
  while (at < name.length) {
    if (glob[inGlob] === '?' || (glob[inGlob] !== '*' && glob[inGlob] === name[at])) {
      at++;
      inGlob++;
    } else if (glob[inGlob] === '*') {
      [starAt, starName] = [inGlob++, at];
    } else if (starAt >= 0) {
      inGlob = starAt + 1;
      at = ++starName;
    } else return false;
  }
  while (glob[inGlob] === '*') inGlob++;
  return inGlob === glob.length;
}
