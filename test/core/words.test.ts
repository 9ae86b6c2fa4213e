import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import { test } from 'node:test';
import fc from 'fast-check';
import { createMasker, didYouMean, formatDuration, newRunId, parseDuration, PATTERN, Secret, SlipwayError } from '../../src/core/index.ts';

test('durations are read in short and ISO form, and nothing else is', () => {
  const good: [string, number][] = [
    ['90s', 90_000],
    ['1h30m', 5_400_000],
    ['500ms', 500],
    ['1.5s', 1_500],
    ['2w', 1_209_600_000],
    ['PT1H30M', 5_400_000],
    ['P2D', 172_800_000],
  ];
  for (const [text, ms] of good) assert.equal(parseDuration(text), ms, text);
  for (const text of ['', '10', '10 s', 's', 'P', 'PT', '-1s', '1x']) assert.equal(parseDuration(text), undefined, text);
});

test('durations are said in words a person reads at once', () => {
  assert.deepEqual([400, 12_000, 200_000, 7_500_000, 259_200_000].map(formatDuration), ['0.4 s', '12 s', '3 m 20 s', '2 h 5 m', '3 d']);
});

test('a slip of the finger finds its word, another word does not', () => {
  const known = ['maxParallel', 'needs', 'foreach', 'timeout'];
  assert.equal(didYouMean('maxparalel', known), 'maxParallel');
  assert.equal(didYouMean('timoeut', known), 'timeout');
  assert.equal(didYouMean('inventory', known), undefined);
});

test('a secret prints as [secret] in every way Node prints', () => {
  const secret = new Secret('hunter2-hunter2');
  for (const text of [String(secret), JSON.stringify({ secret }), inspect({ secret }), `${secret.toString()}`]) assert.ok(!text.includes('hunter2'), text);
  assert.equal(secret.reveal(), 'hunter2-hunter2');
});

test('the masker finds a secret plain, per line, URL-encoded, JSON-escaped and in base64 at any offset', () => {
  fc.assert(
    fc.property(
      fc.string({ minLength: 8, maxLength: 40 }).filter((text) => text.trim().length >= 8),
      fc.nat(5),
      (text, before) => {
        const masker = createMasker();
        masker.add(new Secret(text));
        const base64 = Buffer.from('x'.repeat(before) + text + 'tail').toString('base64');
        for (const carrier of [`a ${text} b`, encodeURIComponent(text), JSON.stringify({ text })])
          assert.ok(!masker.mask(carrier).includes(text.trim()), carrier);
        assert.ok(masker.mask(base64).includes('[secret]'), base64);
      },
    ),
  );
});

test('run ids match their own pattern and differ', () => {
  const ids = new Set(Array.from({ length: 200 }, () => newRunId(Date.UTC(2026, 10, 23))));
  assert.equal(ids.size, 200);
  for (const id of ids) assert.match(id, PATTERN.run);
});

test('an error keeps its cause, hint and advice', () => {
  const cause = new Error('ECONNREFUSED');
  const error = new SlipwayError('SSH_UNREACHABLE', 'cannot reach db-1:22', { cause, hint: 'check the firewall', retry: 'afterBackoff' });
  assert.equal(error.cause, cause);
  assert.deepEqual([error.code, error.hint, error.retry, error.exitCode], ['SSH_UNREACHABLE', 'check the firewall', 'afterBackoff', 1]);
});
