/** The part of a line that makes a key what it is: its type and the key itself, without options and comment. */
export function keyOf(line: string): string | undefined {
  const found = /(?:^|\s)((?:ssh-|ecdsa-|sk-)[A-Za-z0-9@.-]+)\s+([A-Za-z0-9+/]+={0,3})(?:\s|$)/.exec(line);
  return line.trimStart().startsWith('#') || !found ? undefined : `${found[1]} ${found[2]}`;
}

/**
 * The file with the keys after the change. `additive`: keys that are missing come last, one with other options or another comment is
 * replaced in its place, all others stay. `exact`: these keys and nothing else.
 */
export function mergedKeys(present: string, wanted: readonly string[], mode: 'additive' | 'exact'): string {
  if (mode === 'exact') return wanted.map((line) => `${line.trim()}\n`).join('');
  const lines = present === '' ? [] : present.replace(/\n$/, '').split('\n');
  const byKey = new Map(wanted.map((line) => [keyOf(line), line.trim()]));
  const seen = new Set<string | undefined>();
  const kept = lines.map((line) => {
    const key = keyOf(line);
    const better = key === undefined || seen.has(key) ? undefined : byKey.get(key);
    if (better !== undefined) seen.add(key);
    return better ?? line;
  });
  const added = wanted.filter((line) => !seen.has(keyOf(line))).map((line) => line.trim());
  return [...kept, ...added].map((line) => `${line}\n`).join('');
}
