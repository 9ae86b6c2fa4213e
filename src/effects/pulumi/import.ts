import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { delimiter, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Request } from './protocol.ts';

/** Arguments that take resources into the state, without protection and without generating code. */
export function importArguments({ workDir, items }: Request): readonly string[] {
  const file = join(workDir, 'import.json');
  writeFileSync(file, JSON.stringify({ resources: items.map(({ type, name, id }) => ({ type, name, id })) }), { mode: 0o600 });
  return ['import', '--yes', '--skip-preview', '--generate-code=false', '--protect=false', '--file', file];
}

/** PATH with, at its end, an executable that Pulumi takes for the language host; see language.ts. */
export function languageHostPath(workDir: string): string {
  const folder = join(workDir, 'bin');
  mkdirSync(folder, { mode: 0o700 });
  const file = join(folder, 'pulumi-language-nodejs');
  const script = fileURLToPath(new URL(`./language${extname(import.meta.url)}`, import.meta.url));
  writeFileSync(file, `#!/bin/sh\nexec ${quoted(process.execPath)} ${quoted(script)}\n`);
  chmodSync(file, 0o700);
  return [process.env['PATH'] ?? '', folder].join(delimiter);
}

/** One word of a POSIX shell, whatever it contains. */
function quoted(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
