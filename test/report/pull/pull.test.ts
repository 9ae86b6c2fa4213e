import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { compare } from '../../../src/analysis/index.ts';
import { digestOf } from '../../../src/core/index.ts';
import { pullMarkdown, type PullView, replyMarkdown, type RunbookView } from '../../../src/report/index.ts';
import { dualRun } from '../../analysis/made.ts';
import { story } from '../plan/story.ts';

const evidence = dualRun({ seed: 3, n: 3_000, slots: 20 });
const verdict = compare(evidence, [{ name: 'latency', kind: 'latency', quantiles: { p50: 0.2 } }]);
const ANALYSES = [{ path: 'dual/@analysis', attempt: 1, ok: true, verdict, evidence, differences: [] }];

function golden(name: string, written: string): void {
  const actual = written.replaceAll(/sha256:[0-9a-f]{64}/g, `sha256:${'0123456789abcdef'.repeat(4)}`);
  const file = new URL(`../../golden/pull/${name}`, import.meta.url);
  if (process.env['UPDATE_GOLDEN'] === '1') {
    mkdirSync(new URL('.', file), { recursive: true });
    writeFileSync(file, actual);
  }
  assert.equal(actual, readFileSync(file, 'utf8'));
}
const HEAD = 'a1'.repeat(20);
const linkTo: PullView['linkTo'] = ({ file, line }) => `https://git.test/erp/src/commit/${HEAD}/${encodeURI(file)}#L${line}`;
const finding = {
  level: 'deny',
  rule: 'slipway.exposure',
  msg: 'port 22 is open to everybody',
  at: 'provision/net',
  id: digestOf('x'),
  hint: 'name networks',
} as const;

function runbook(more: Partial<RunbookView> = {}): RunbookView {
  return { name: 'erp-to-cloud', file: 'runbooks/erp-to-cloud.yaml', change: 'changed', reasons: ['its file', 'stack net'], rules: [], ...more };
}
function view(more: Partial<PullView> = {}): PullView {
  const parts = { problems: [], runbooks: [], notes: [], locks: [], isWorking: false, commands: [] };
  return { head: HEAD, base: 'main', state: 'open', linkTo, ...parts, ...more };
}
const RULES = [
  { isMet: true, rule: 'policies', found: 'allow this plan' },
  { isMet: false, rule: '2 approvals', found: '1 of 2, by ada', todo: 'somebody of team:erp-leads says "slipway approve"' },
];
const planned = (more: Partial<RunbookView> = {}): RunbookView => {
  const bundle = story();
  return runbook({ plan: { bundle }, verdict: bundle.body.verdict, rules: RULES, ...more });
};

describe('the comment below a pull request', () => {
  it('reads well', () => {
    const mistake = {
      code: 'X',
      severity: 'error',
      file: 'runbooks/a.yaml',
      line: 7,
      column: 3,
      path: 'phases[0]',
      message: 'there is no step "x"',
      hint: 'did you mean "y"?',
    } as const;
    const run = {
      id: 'run-20261128-0123456789',
      state: 'waiting',
      url: 'https://slipway.test/runs/run-20261128-0123456789',
      waits: 'an approval at cutover',
      analyses: ANALYSES,
    } as const;
    golden(
      'comment.md',
      pullMarkdown(
        view({
          problems: [mistake],
          runbooks: [
            planned({ run }),
            runbook({ name: 'denied', verdict: { decision: 'deny', findings: [finding] }, missing: 'not previewed: the head comes from a fork' }),
            runbook({ name: 'gone', change: 'removed', reasons: ['its file'] }),
            runbook({ name: 'held', pin: 'its last run was rolled back' }),
          ],
          notes: ['policies of this pull request count once it is merged'],
          locks: [{ lock: 'stack:file:///state:net/prod', holder: 'pull:git/erp#3', since: 0, isOurs: false }],
          commands: [{ command: `slipway allow ${HEAD}`, does: 'lets Slipway preview exactly this head' }],
          isWorking: true,
        }),
      ),
    );
  });

  it('fits, whatever there is to say, and closes what it opens', () => {
    const long = 'x'.repeat(3_000);
    const mistakes = Array.from({ length: 500 }, (_, line) => ({
      code: 'X',
      severity: 'error' as const,
      file: `runbooks/${long}.yaml`,
      line,
      column: 1,
      path: '',
      message: long,
    }));
    const cases = [
      [1, 10_000],
      [3, 65_536],
      [12, 32_768],
      [100, 65_536],
    ] as const;
    for (const [count, limit] of cases) {
      const runbooks = Array.from({ length: count }, (_, index) =>
        planned({ name: `r${index}`, reasons: [long], run: { id: long, state: 'running', analyses: ANALYSES } }),
      );
      for (const problems of [[], mistakes]) {
        const text = pullMarkdown(view({ runbooks, problems }), limit);
        assert.ok(text.length <= limit, `${count} runbooks in ${limit}: ${text.length}`);
        assert.equal(text.split('<details>').length, text.split('</details>').length);
        assert.equal((text.match(/^ *`{3,}/gm) ?? []).length % 2, 0);
      }
    }
  });

  it('says what it leaves out', () => {
    const text = pullMarkdown(view({ runbooks: Array.from({ length: 90 }, (_, index) => planned({ name: `r${index}` })) }), 20_000);
    assert.match(text, /and \d\d more runbooks/);
    assert.match(text, /Details of \d+ more runbooks are left out/);
    assert.match(text, /did not fit into this comment/);
  });

  it('gives what a short plan leaves to those after it', () => {
    const one = pullMarkdown(view({ runbooks: [planned({ name: 'a' }), planned({ name: 'b' })] }));
    assert.equal(one.split('### ').length - 1, 2);
    assert.doesNotMatch(one, /did not fit/);
  });

  it('lets nothing from outside speak for itself', () => {
    const evil = '@everyone <img src=x onerror=alert(1)> `x` | [a](http://evil) #1 \u202E\n## x';
    fc.assert(
      fc.property(
        fc.constantFrom('name', 'file', 'reason', 'rule', 'note', 'lock', 'message', 'finding'),
        fc.string({ unit: 'binary', maxLength: 40 }),
        (_where, noise) => {
          const text = `${noise}${evil}`;
          const bad = { ...finding, rule: text, msg: text, at: text, hint: text };
          const comment = pullMarkdown(
            view({
              notes: [text],
              runbooks: [
                runbook({
                  name: text,
                  file: text,
                  reasons: [text],
                  missing: text,
                  pin: text,
                  verdict: { decision: 'deny', findings: [bad] },
                  rules: [{ isMet: false, rule: text, found: text, todo: text }],
                }),
              ],
              locks: [{ lock: text, holder: text, since: 0, isOurs: false }],
              problems: [{ code: 'X', severity: 'error', file: text, line: 1, column: 1, path: '', message: text, hint: text }],
              linkTo: ({ file }) => `https://git.test/${encodeURIComponent(file)}`,
            }),
          );
          const answer = replyMarkdown({ isDone: false, text, hint: text, rules: [{ isMet: false, rule: text, found: text, todo: text }] });
          for (const made of [comment, answer]) {
            const outside = made.replaceAll(/`[^`\n]*`/g, '').replaceAll(/\]\(https:\/\/git\.test\/[^)\s]*\)/g, ']');
            assert.doesNotMatch(outside, /@everyone|<img|\[a\]\(|http:\/\/evil|\u202E/);
            assert.doesNotMatch(made, /^## x/m);
          }
        },
      ),
      { numRuns: 20 },
    );
  });

  it('links nowhere but to the web', () => {
    for (const address of ['javascript:alert(1)', 'file:///etc/passwd', 'not an address']) {
      const text = pullMarkdown(view({ runbooks: [runbook()], linkTo: () => address }));
      assert.doesNotMatch(text, /\]\(/);
    }
    assert.match(pullMarkdown(view({ runbooks: [runbook()], linkTo: () => 'https://x.test/a)b|c' })), /\(https:\/\/x\.test\/a%29b%7Cc\)/);
  });
});
