import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { z } from 'zod';
import { kindOf, kinds } from '../../src/steps/index.ts';

test('every kind has a name of its own and can be found by it', () => {
  assert.equal(new Set(kinds.map(({ uses }) => uses)).size, kinds.length);
  for (const kind of kinds) assert.equal(kindOf(kind.uses), kind);
  assert.equal(kindOf('no.such.kind'), undefined);
});

for (const kind of kinds) {
  describe(kind.uses, () => {
    const shape: z.ZodObject = kind.with;
    const outputs: z.ZodObject = kind.outputs;
    const parsed = shape.safeParse(kind.example);

    test('its example is valid and can be described', () => {
      assert.ok(parsed.success, parsed.error && z.prettifyError(parsed.error));
      const words: string = kind.describe(parsed.data);
      assert.ok(words.length > 3 && !words.includes('undefined') && !words.includes('[object'), words);
    });
    test('an unknown key is refused, in its settings and in what it puts out', () => {
      assert.ok(!shape.safeParse({ ...parsed.data, surelyUnknown: 1 }).success);
      // A called runbook puts out what it likes.
      assert.equal(outputs.safeParse({ surelyUnknown: 1 }).success, kind.uses === 'runbook.call');
    });
    test('its shapes have a JSON Schema, for editors and docs', () => {
      for (const each of [shape, outputs]) assert.equal(z.toJSONSchema(each, { io: 'input', unrepresentable: 'any' }).type, 'object');
    });
    test('its summary is one line in lower case', () => assert.match(kind.summary, /^[a-z][^\n.]*[^\n. ]$/));

    if (kind.target === 'control') return;
    const { undo, mutates, idempotency } = kind;
    if (undo !== undefined) {
      test('its undo is a valid step that a plan can hold', () => {
        const step = undo(parsed.data);
        const other = kindOf(step.uses);
        assert.ok(other?.mutates);
        const settings = (other.with as z.ZodObject).safeParse(step.with); // the registry forgets the shape
        assert.ok(settings.success, settings.error && z.prettifyError(settings.error));
        assert.deepEqual(JSON.parse(JSON.stringify(step.with)), step.with);
      });
      test('its undo passes on settings that are not known yet', () => {
        const open = { ...kind.example, stack: '${{ inputs.stack }}', weight: '${{ item }}', percent: '${{ item }}' };
        assert.doesNotThrow(() => undo(open));
      });
    }
    if (!mutates) test('what changes nothing may be repeated after a crash', () => assert.equal(idempotency, 'safe'));
  });
}
