import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';

/** Shells that may be here; dash is the one of Debian. */
const SHELLS = [['/usr/bin/dash'], ['/usr/bin/bash', '--posix'], ['/usr/bin/busybox', 'sh'], ['/usr/bin/mksh']].filter(([path = '']) => existsSync(path));

/** Every script of ours for a POSIX shell, by its name. */
async function scripts(): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  for (const folder of ['src/steps', 'src/effects/ssh']) {
    for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
      if (!name.endsWith('.ts') || !readFileSync(join(folder, name), 'utf8').includes('# slipway:')) continue;
      const module: object = await import(join(process.cwd(), folder, name));
      for (const value of Object.values(module)) {
        const script = typeof value === 'string' ? /^# slipway:([a-z-]+)\n/.exec(value)?.[1] : undefined;
        if (script !== undefined && !script.startsWith('win-')) found.set(script, value as string); // it was matched as text
      }
    }
  }
  return found;
}

describe('scripts that run on machines', async () => {
  const all = await scripts();

  it('are found, and run whole or not at all in every shell', () => {
    assert.ok(all.size >= 15, [...all.keys()].join(', '));
    assert.ok(SHELLS.length >= 2);
    for (const [name, script] of all)
      for (const [shell = '', ...args] of SHELLS)
        assert.doesNotThrow(() => execFileSync(shell, [...args, '-n', '-c', script], { stdio: 'pipe' }), `${name} in ${shell}`);
  });

  it('hold no value: whatever is another comes as a variable or on standard input, in quotes', () => {
    for (const [name, script] of all) {
      // A value without quotes would be split and expanded, but for assignments and the word of a case. Names of groups have a strict alphabet.
      const outside = script
        .replaceAll(/^ *#.*$/gm, '')
        .replaceAll(/"\$\{?SLIPWAY_\w+\}?"/g, '')
        .replaceAll(/'[^']*'/g, '')
        .replaceAll(/"(?:[^"\\]|\\.)*"/g, '')
        .replaceAll(/\bcase \$\w+|\w=\$\w+/g, '');
      assert.doesNotMatch(outside, /\$\{?SLIPWAY_(?!GROUPS|NEW_GROUPS)/, name);
    }
  });

  it('do not depend on the language of the machine where they read what tools say', () => {
    for (const name of [
      'facts',
      'packages',
      'packages-change',
      'packages-refresh',
      'service',
      'service-act',
      'user',
      'user-act',
      'user-keys',
      'archive',
      'archive-put',
      'owner',
    ])
      assert.match(all.get(name) ?? '', /^LC_ALL=C; export LC_ALL$/m, name);
  });
});
