import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { createMasker, createMaskStream } from '../../src/core/index.ts';

/** The text in pieces of these lengths, the last one repeated. */
function piecesOf(text: string, lengths: readonly number[]): string[] {
  const pieces: string[] = [];
  for (let at = 0, turn = 0; at < text.length; turn++) {
    const length = lengths[Math.min(turn, lengths.length - 1)] ?? 1;
    pieces.push(text.slice(at, at + length));
    at += length;
  }
  return pieces;
}

function streamed(secrets: readonly string[], pieces: readonly string[]): string {
  const masker = createMasker();
  for (const secret of secrets) masker.add(secret);
  const stream = createMaskStream(masker);
  return pieces.map((piece) => stream.push(piece)).join('') + stream.end();
}

describe('masking a stream', () => {
  const SECRET = 's3cret-väl"ue/42';

  test('a secret is masked wherever it is cut, in every form of it', () => {
    const forms = [SECRET, encodeURIComponent(SECRET), JSON.stringify(SECRET), Buffer.from(`xy${SECRET}z`).toString('base64')];
    for (const form of forms) {
      const text = `before ${form} after`;
      const masker = createMasker();
      masker.add(SECRET);
      for (let cut = 0; cut <= text.length; cut++) {
        const out = streamed([SECRET], [text.slice(0, cut), text.slice(cut)]);
        assert.equal(out, masker.mask(text));
      }
    }
  });

  test('the same as masking the whole, for any text in any pieces', () => {
    const alphabet = fc.constantFrom('a', 'b', 'c', '\n', 'ä', '😀');
    const word = fc.array(alphabet, { minLength: 6, maxLength: 12 }).map((parts) => parts.join(''));
    fc.assert(
      fc.property(
        fc.array(word, { minLength: 1, maxLength: 4 }),
        fc.array(fc.oneof(fc.nat({ max: 3 }), alphabet), { maxLength: 40 }),
        fc.array(fc.integer({ min: 1, max: 15 }), { minLength: 1, maxLength: 10 }),
        (secrets, parts, lengths) => {
          const text = parts.map((part) => (typeof part === 'number' ? (secrets[part % secrets.length] ?? '') : part)).join('');
          const masker = createMasker();
          for (const secret of secrets) masker.add(secret);
          assert.equal(streamed(secrets, piecesOf(text, lengths)), masker.mask(text));
        },
      ),
      { numRuns: 400 },
    );
  });

  test('a secret that begins as a shorter one does is masked whole', () => {
    assert.equal(streamed(['password', 'password-extended'], ['my password', '-extended!']), 'my [secret]!');
  });

  test('holds back no more than a secret needs', () => {
    const masker = createMasker();
    masker.add('0123456789');
    const stream = createMaskStream(masker);
    const out = stream.push('x'.repeat(1_000));
    assert.ok(out.length >= 1_000 - masker.longest, `${out.length}`);
    const plain = createMaskStream(createMasker());
    assert.equal(plain.push('at once'), 'at once');
  });

  test('does not grow when a text is nothing but overlapping secrets', () => {
    const masker = createMasker();
    masker.add('aaaaaaaa');
    const stream = createMaskStream(masker);
    let out = 0;
    for (let turn = 0; turn < 40; turn++) out += stream.push('a'.repeat(100_000)).length;
    assert.ok(out > 0);
    assert.ok(!(stream.end() + 'x').includes('aaaaaaaa'));
  });

  test('a secret learned meanwhile counts from then on', () => {
    const masker = createMasker();
    const stream = createMaskStream(masker);
    const first = stream.push('token=');
    masker.add('abcdef123456');
    assert.equal(first + stream.push('abcdef') + stream.push('123456.') + stream.end(), 'token=[secret].');
  });

  test('a secret that a cut went through is masked on both sides of what is missing', () => {
    const masker = createMasker();
    masker.add('correct-horse-battery');
    assert.deepEqual(masker.maskEnds('say correct-horse', 'orse-battery end'), { head: 'say [secret]', tail: '[secret] end' });
    assert.deepEqual(masker.maskEnds('nothing here', 'nor here'), { head: 'nothing here', tail: 'nor here' });
    assert.deepEqual(masker.maskEnds('a correct-horse-battery b', 'c'), { head: 'a [secret] b', tail: 'c' });
  });
});
