import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { test } from 'node:test';

const SRC = join(import.meta.dirname, '../../src');

/** Files that a file loads at run time, with all that those load; packages and Node's own modules by their name. */
function loads(file: string, seen = new Set<string>()): ReadonlySet<string> {
  if (seen.has(file)) return seen;
  seen.add(file);
  const text = readFileSync(file, 'utf8');
  for (const [statement, from = ''] of text.matchAll(/^(?:import|export)\s[^;]*?from '([^']+)';/gms)) {
    if (/^(?:import|export) type\b/.test(statement)) continue;
    if (from.startsWith('.')) loads(join(dirname(file), from), seen);
    else seen.add(from);
  }
  return seen;
}

for (const entry of [
  'core/pure.ts',
  'expr/index.ts',
  'engine/decide.ts',
  'engine/evolve.ts',
  'engine/view.ts',
  'engine/spread.ts',
  'engine/snapshot.ts',
  'steps/control/index.ts',
]) {
  test(`${entry} runs where there is no Node: no file, no clock, no chance, no kind of step that acts`, () => {
    const loaded = [...loads(join(SRC, entry))].map((name) => (name.startsWith(SRC) ? relative(SRC, name) : name));
    assert.deepEqual(
      loaded.filter((name) => !/^(core|expr|engine|steps\/control)\/|^steps\/(fields|host|kind)\.ts$|^zod$/.test(name)),
      [],
    );
    assert.ok(!loaded.includes('core/index.ts') && !loaded.some((name) => name.startsWith('engine/local/')), loaded.join(' '));
  });
}

test('the list above can fail: a kind that acts needs more', () => {
  assert.ok([...loads(join(SRC, 'steps/index.ts'))].some((name) => name.startsWith('node:')));
});
