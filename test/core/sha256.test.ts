import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { sha256 } from '../../src/core/index.ts';

const hex = (words: Uint32Array): string => [...words].map((word) => word.toString(16).padStart(8, '0')).join('');
const expected = (text: string): string => createHash('sha256').update(text).digest('hex');

test('SHA-256 without Node is that of Node, whatever the text', () => {
  fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => assert.equal(hex(sha256(text)), expected(text))));
});

test('SHA-256 at the borders of a block, and of text that is no text', () => {
  for (const length of [0, 1, 54, 55, 56, 57, 63, 64, 65, 119, 120, 121, 128, 1_000])
    assert.equal(hex(sha256('a'.repeat(length))), expected('a'.repeat(length)));
  assert.equal(hex(sha256('\u{d800} lone')), expected('\u{d800} lone'));
});
