import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { type Problem, SlipwayError } from '../../src/core/index.ts';
import { loadPolicies } from '../../src/policy/index.ts';
import { problemText } from '../../src/runbook/index.ts';
import { OPA } from '../policy/support.ts';

const folder = import.meta.dirname;
const names = readdirSync(folder, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name)
  .sort();
const cacheDir = mkdtempSync(join(tmpdir(), 'slipway-corpus-'));
after(() => rmSync(cacheDir, { recursive: true }));

/** What a person is told about the policies of a folder. */
async function told(name: string): Promise<string> {
  try {
    using set = await loadPolicies({ dir: join(folder, name), opaPath: OPA, cacheDir, signal: AbortSignal.timeout(60_000) });
    return `nothing is wrong with ${set.packages.join()}\n`;
  } catch (cause) {
    assert.ok(cause instanceof SlipwayError && cause.code === 'POLICY_INVALID' && 'problems' in cause, String(cause));
    return (cause.problems as readonly Problem[]).map((problem) => `${problemText(problem)}\n`).join(''); // POLICY_INVALID carries them
  }
}

/** `UPDATE_GOLDEN=1 node --test test/corpus-policy/*.test.ts` writes the golden files anew; read each of them aloud before committing. */
describe('corpus of broken policies', () => {
  it('is large enough', () => assert.ok(names.length >= 20, String(names.length)));

  for (const name of names) {
    it(name, async () => {
      const file = join(folder, name, 'told.golden');
      const text = await told(name);
      if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(file, text);
      assert.ok(existsSync(file), 'run with UPDATE_GOLDEN=1 first');
      assert.equal(text, readFileSync(file, 'utf8'));
      assert.doesNotMatch(text, /nothing is wrong|\[object|undefined$|\/tmp|draft/m);
      assert.equal(text.match(/^\S/gm)?.length, text.match(/^ {4}\S/gm)?.length, 'each mistake has a hint');
    });
  }
});
