import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { buildInventory } from '../../src/inventory/index.ts';
import { problemText, validateRepository } from '../../src/runbook/index.ts';

const folder = import.meta.dirname;
const names = readdirSync(folder)
  .filter((name) => name.endsWith('.yaml'))
  .map((name) => name.slice(0, -'.yaml'.length));

/** What a person sees when they validate this file. */
function verdict(name: string): string {
  const path = `${name}.yaml`;
  const parsed = validateRepository([{ path, text: readFileSync(join(folder, path)) }]);
  const inventory = parsed.ok ? buildInventory([...parsed.value.inventories.values()]).problems : [];
  return [...parsed.problems, ...inventory].map((problem) => `${problemText(problem)}\n`).join('');
}

/** `UPDATE_GOLDEN=1 node --test test/corpus/*.test.ts` writes the golden files anew; read each of them aloud before committing. */
describe('corpus of mistakes', () => {
  it('is large enough', () => assert.ok(names.length >= 45, String(names.length)));

  for (const name of names) {
    it(name, () => {
      const file = join(folder, `${name}.golden`);
      const found = verdict(name);
      assert.notEqual(found, '', 'a file of the corpus has at least one mistake');
      if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(file, found);
      assert.ok(existsSync(file), 'run with UPDATE_GOLDEN=1 first');
      assert.equal(found, readFileSync(file, 'utf8'));
    });
  }

  it('never shows words of the libraries beneath', () => {
    const text = names.map(verdict).join('\n');
    assert.doesNotMatch(text, /Invalid input|Unrecognized|expected .* received|undefined|\bNaN\b|\[object|zod/);
  });
});
