import { chmodSync, mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { writeWhole } from './files.ts';

/** The clouds that have a stand-in. */
export const STANDINS = ['aws', 'azure-native'] as const;

const require = createRequire(import.meta.url);

/**
 * Write the executables that Pulumi looks for on PATH: `pulumi-resource-aws`, `pulumi-resource-azure-native`.
 *
 * @returns the folder to put first on PATH.
 */
export function writeLaunchers(dir: string, { node, cacheDir }: { readonly node: string; readonly cacheDir: string }): string {
  const folder = join(dir, 'plugins');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const plugin = fileURLToPath(new URL(`./plugin${extname(import.meta.url)}`, import.meta.url));
  for (const name of STANDINS) {
    const file = join(folder, `pulumi-resource-${name}`);
    const words = [node, plugin, name, versionOf(name), dir].map(quoted).join(' ');
    writeWhole(file, `#!/bin/sh\nNODE_COMPILE_CACHE=${quoted(cacheDir)} exec ${words} "$@"\n`);
    chmodSync(file, 0o700);
  }
  return folder;
}

function versionOf(name: string): string {
  const { version } = require(`@pulumi/${name}/package.json`) as { version: string }; // every package has one
  return version;
}

/** One word of a POSIX shell, whatever it contains. */
function quoted(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
