import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { parseCommand } from '../../src/app/pulls/command.ts';
import { isSamePerson } from '../../src/app/pulls/people.ts';
import { needsOf } from '../../src/app/pulls/rules/needs.ts';
import { createWorking } from '../../src/app/pulls/working.ts';
import { type ApplyRules, validateRepository } from '../../src/runbook/index.ts';

const HEAD = 'a1'.repeat(20);

suite('commands in comments', () => {
  for (const [text, command] of [
    ['slipway plan', { verb: 'plan' }],
    ['  slipway   apply -r hello  \r\nbecause', { verb: 'apply', runbook: 'hello' }],
    ['slipway approve --runbook hello -p cutover', { verb: 'approve', runbook: 'hello', phase: 'cutover' }],
    [`slipway allow ${HEAD}`, { verb: 'allow', commit: HEAD }],
    ['slipway', { verb: 'help' }],
    ['slipway help me', { verb: 'help' }],
  ] as const)
    test(`taken: ${JSON.stringify(text)}`, () => assert.deepEqual(parseCommand(text), { command }));

  for (const text of ['', 'Slipway plan', 'slipways plan', '> slipway plan', '`slipway plan`', 'do\nslipway plan', `slipway plan ${'x'.repeat(600)}`])
    test(`for somebody else: ${JSON.stringify(text.slice(0, 40))}`, () => assert.equal(parseCommand(text), undefined));

  for (const text of [
    'slipway plan; reboot',
    'slipway plan -r ../x',
    'slipway plan -r $(id)',
    'slipway plan -r',
    'slipway plan -r a -r b',
    'slipway plan --force',
    'slipway apply -p cutover',
    'slipway allow',
    `slipway allow ${HEAD.slice(1)}`,
    'slipway allow main',
    'slipway __proto__',
    'slipway constructor',
  ])
    test(`wrong: ${text}`, () => assert.ok('wrong' in (parseCommand(text) ?? {}), text));
});

suite('rules of several environments', () => {
  const of = (...rules: (ApplyRules | undefined)[]) => {
    const text = rules
      .map((apply, index) =>
        JSON.stringify({ apiVersion: 'slipway/v1', kind: 'Environment', metadata: { name: `e${index}`, owner: 'team-x' }, ...(apply ? { apply } : {}) }),
      )
      .join('\n---\n');
    const parsed = validateRepository([{ path: 'runbooks/e.yaml', text }]);
    assert.ok(parsed.ok, JSON.stringify(parsed.problems));
    return needsOf(['e0', 'e1', 'gone'].slice(0, rules.length), parsed.value.environments, {});
  };

  test('the strictest counts, and what is not said is asked for', () => {
    const needs = of(
      { when: 'beforeMerge', merge: 'squash', mergeable: false, reviews: true, approvals: { required: 0 } },
      { approvals: { required: 2 }, codeOwners: true },
    );
    assert.deepEqual(
      [needs.when, needs.merge, needs.mergeable, needs.undiverged, needs.reviews, needs.codeOwners, needs.approvals.map(({ required }) => required)],
      ['afterMerge', undefined, true, true, false, true, [0, 2]],
    );
    const plain = of(undefined);
    assert.deepEqual([plain.when, plain.reviews, plain.approvals.map(({ required }) => required)], ['afterMerge', false, [1]]);
  });

  test('an environment that the default branch lacks is named', () => {
    assert.deepEqual(needsOf(['gone'], new Map(), {}).unknown, ['gone']);
  });
});

suite('people and work', () => {
  test('one person under two names is one, and two people are two', () => {
    assert.ok(isSamePerson('user:ada@git', 'user:Ada'));
    assert.ok(isSamePerson('user:ada', 'user:ada@example.org'));
    assert.ok(!isSamePerson('user:ada@git', 'user:adam@git'));
  });

  test('work on a head that was replaced ends at once, and work on the new one goes on', async () => {
    const working = createWorking();
    const old = working.on('git a/b#1', async (signal, nameHead) => {
      nameHead('old');
      await delay(60_000, undefined, { signal });
    });
    working.supersede('git a/b#2', 'new');
    working.supersede('git a/b#1', 'old');
    working.supersede('git a/b#1', 'new');
    await assert.rejects(old, (thrown: Error) => (thrown.cause as { code?: string }).code === 'PULL_SUPERSEDED'); // Node wraps the reason
    await working.on('git a/b#1', async (signal, nameHead) => {
      nameHead('new');
      working.supersede('git a/b#1', 'new');
      assert.equal(signal.aborted, false);
    });
  });
});
