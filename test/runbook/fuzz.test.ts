import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { buildInventory } from '../../src/inventory/index.ts';
import { problemText, validateRepository } from '../../src/runbook/index.ts';

const folder = join(import.meta.dirname, '../../runbooks');
const samples = ['erp-to-cloud.yaml', 'regional-analytics.yaml', 'estate/inventory.yaml', 'estate/calendars.yaml'].map((name) =>
  readFileSync(join(folder, name), 'utf8'),
);

/** Read it, whatever it is: problems have a place in the file and words, and nothing is thrown. */
function survive(text: string): void {
  const parsed = validateRepository([{ path: 'x.yaml', text }]);
  const problems = parsed.ok ? buildInventory([...parsed.value.inventories.values()]).problems : parsed.problems;
  assert.ok(parsed.ok || problems.length > 0);
  const lines = text.split('\n').length;
  for (const problem of problems) {
    assert.ok(problem.line >= 1 && problem.line <= lines + 1 && problem.column >= 1, problemText(problem));
    assert.doesNotMatch(problem.message, /undefined|\[object|Invalid input/);
    assert.notEqual(problem.message, '');
  }
}

describe('hostile files', () => {
  it('a file with a piece cut out, doubled or replaced', () => {
    const piece = fc.constantFrom(
      '',
      ' ',
      '\t',
      '"',
      "'",
      '{',
      '}',
      '[',
      ']',
      ':',
      ': ',
      '- ',
      '&a ',
      '*a',
      '<<: *a',
      '${{ ',
      ' }}',
      '|',
      '>',
      '#',
      '!',
      '%',
      'null',
      '1',
      '\n',
      '\n  ',
      '---\n',
      'é',
      '\u2028',
    );
    fc.assert(
      fc.property(fc.constantFrom(...samples), fc.nat(), fc.nat(60), piece, (text, at, length, replacement) => {
        const from = at % text.length;
        survive(text.slice(0, from) + replacement + text.slice(from + length));
      }),
      { numRuns: 300 },
    );
  });

  it('any JSON in the place of any part', () => {
    const value = fc.oneof(
      fc.jsonValue(),
      fc.constantFrom('${{ inputs.x }}', '${{ steps.a.outputs.b }}', '${{', [], {}, [[]], [null], { id: null }, [{ id: 'a', needs: ['a'] }]),
    );
    const keys = ['metadata', 'triggers', 'inputs', 'concurrency', 'defaults', 'sla', 'phases', 'rollback', 'objectives', 'outputs', 'rehearsal', 'inventory'];
    const ofPhase = ['steps', 'finally', 'watch', 'approval', 'window', 'with', 'analysis', 'pointOfNoReturn', 'environment', 'if'];
    const ofStep = [
      'uses',
      'with',
      'run',
      'env',
      'needs',
      'if',
      'foreach',
      'rescue',
      'compensate',
      'cases',
      'default',
      'hosts',
      'serial',
      'become',
      'changedWhen',
    ];
    const pick = (names: string[]) => fc.dictionary(fc.constantFrom(...names), value, { maxKeys: 3 });
    fc.assert(
      fc.property(pick(keys), pick(ofPhase), pick(ofStep), fc.constantFrom('pause', 'ssh.run', 'switch', 'runbook.call', 'nope'), (top, phase, step, uses) => {
        const steps = [{ id: 'a', uses, ...step }];
        survive(
          JSON.stringify({
            apiVersion: 'slipway/v1',
            kind: 'Runbook',
            metadata: { name: 'x' },
            phases: [{ id: 'p', type: 'dualRun', steps, ...phase }],
            ...top,
          }),
        );
      }),
      { numRuns: 400 },
    );
  });
});
