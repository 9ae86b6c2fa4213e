import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { measuringOf, measuringProblems } from '../../src/app/measuring.ts';
import type { RunJournal } from '../../src/app/index.ts';
import { type Digest, digestOf, type JsonObject } from '../../src/core/index.ts';
import type { JournalEvent } from '../../src/engine/index.ts';
import { makeGraph } from '../../src/plan/index.ts';
import { measuringWords } from '../../src/report/index.ts';
import { validateRepository } from '../../src/runbook/index.ts';
import { kindOf } from '../../src/steps/index.ts';
import { dualRun } from '../analysis/made.ts';

const NOW = Date.UTC(2026, 10, 23);
const EARLIER = 'run-20261123-7k2m9qz4ab';

async function planned(analysis: string, more: { readonly rate?: number; readonly duration?: string; readonly journal?: RunJournal } = {}) {
  const text = `apiVersion: slipway/v1
kind: Runbook
metadata: { name: shop }
phases:
  - id: dual
    type: dualRun
    with: { baseline: "http://old", candidate: "http://new", duration: ${more.duration ?? '30m'}, rate: ${more.rate ?? 20} }
    analysis:
${analysis
  .trim()
  .split('\n')
  .map((line) => `      ${line}`)
  .join('\n')}
`;
  const parsed = validateRepository([{ path: 'runbooks/shop.yaml', text: Buffer.from(text) }]);
  assert.ok(parsed.ok, JSON.stringify(parsed.problems));
  const runbook = parsed.value.runbooks.get('shop');
  assert.ok(runbook);
  const inputs = { values: {}, secrets: [] };
  const { environments, calendars, runbooks } = parsed.value;
  const made = makeGraph({ runbook, inputs, select: () => ({ hosts: [] }), environments, calendars, runbooks, kindOf, now: NOW });
  assert.ok(made.ok, JSON.stringify(made.problems));
  const plans = await measuringOf(more.journal ?? nothing, { graph: made.value, inputs, rehearsal: false });
  const [plan, ...rest] = plans;
  assert.ok(plan && rest.length === 0);
  return { plan, problems: measuringProblems(runbook, made.value, plans), words: measuringWords(plan) };
}
const nothing = { runs: async () => [] } as unknown as RunJournal; // nothing else is called

const usual = `
metrics:
  - { name: latency, kind: latency, quantiles: { p50: 10%, p95: 20% } }
  - { name: errors, kind: rate, margin: 1pp }
  - { name: parity, kind: mismatch, max: 1%, critical: false }
`;

describe('a plan says of every metric', () => {
  test('how many requests and minutes it needs, and when harm is told', async () => {
    const { plan, problems, words } = await planned(usual);
    assert.deepEqual(problems, []);
    assert.equal(plan.path, 'dual/@analysis');
    assert.deepEqual(
      plan.goals.map(({ label, critical }) => [label, critical]),
      [
        ['latency p50', true],
        ['latency p95', true],
        ['errors', true],
        ['parity', false],
      ],
    );
    for (const { n, needMs, delayMs, critical } of plan.goals) {
      assert.ok(n > 100 && n < 36_000 && Math.abs((needMs ?? 0) - (n / 20) * 1_000) < 1);
      assert.equal(delayMs === undefined, !critical);
    }
    assert.equal(words[0], 'dual/@analysis: 1,200 pairs a minute for 30 m; 90% power at assumed noise');
    assert.match(words[1] ?? '', /^latency p50 10%: [\d,]+ requests, \d+ m.*; twice that is told after \d+ m/);
    assert.match(words[4] ?? '', /^parity 1% \(not critical\): 299 pairs, 15 s$/);
  });
  test('when the time it measures is too short, and what that time is good for', async () => {
    const { words, problems } = await planned(usual, { duration: '30s' });
    assert.deepEqual(problems, [], 'without maxDuration nothing is refused');
    assert.match(words.join('\n'), /latency p50 10%: .* may stay undecided, and \d+% can be met/);
  });
  test('the same with the noise of the latest run of the same sort', async () => {
    const noisy = dualRun({ seed: 3, n: 12_000, slots: 60 });
    const journal = (rehearsal: boolean, bytes = Buffer.from(JSON.stringify(noisy))): RunJournal => {
      const digest = digestOf('evidence');
      const body = { type: 'stepFinished', path: 'dual/@probe', attempt: 1, result: { state: 'ok', outputs: { evidence: digest } }, durationMs: 1 };
      const event = { runId: EARLIER, seq: 1, at: 0, body, prev: digest, hash: digest } as JournalEvent;
      const made = {
        runs: async () => [{ id: EARLIER, rehearsal }],
        read: async () => [event],
        evidence: async (asked: Digest) => (asked === digest ? bytes : undefined),
      };
      return made as unknown as RunJournal; // nothing else is called
    };
    const { plan, words } = await planned(usual, { journal: journal(false) });
    assert.equal(plan.measuredIn, EARLIER);
    assert.match(words[0] ?? '', new RegExp(`at the noise of ${EARLIER}`));
    assert.notEqual(plan.goals[0]?.n, (await planned(usual)).plan.goals[0]?.n);
    assert.equal((await planned(usual, { journal: journal(true) })).plan.measuredIn, undefined, 'a rehearsal says nothing of a real run');
  });
});

describe('margins that cannot be met within maxDuration', () => {
  test('are refused, all at once, at their place, with the smallest margin that could be met', async () => {
    const { problems } = await planned(`maxDuration: 10m\n${usual.replace('10%, p95: 20%', '1%, p95: 2%').replace('1pp', '0.001pp')}`, { duration: '10m' });
    assert.deepEqual(
      problems.map(({ code, path }) => [code, path]),
      [
        ['MARGIN_UNREACHABLE', 'phases[0].analysis.metrics[0].quantiles.p50'],
        ['MARGIN_UNREACHABLE', 'phases[0].analysis.metrics[0].quantiles.p95'],
        ['MARGIN_UNREACHABLE', 'phases[0].analysis.metrics[1].margin'],
      ],
    );
    const [first] = problems;
    assert.match(first?.message ?? '', /^latency p50 within 1% cannot be measured within maxDuration 10 m: it needs [\d,]+ requests, [\d.]+ /);
    const least = /^the smallest margin that can be met is ([\d.]+)%/.exec(first?.hint ?? '')?.[1];
    assert.ok(least !== undefined && first !== undefined && first.line > 1 && first.column > 1);
    const met = await planned(`maxDuration: 10m\nmetrics: [{ name: latency, kind: latency, quantiles: { p50: ${Number(least) + 0.01}% } }]`, {
      duration: '10m',
    });
    assert.deepEqual(met.problems, [], 'what the hint says is true');
  });
  test('are not refused when they only annotate, or when nobody knows how fast trials come', async () => {
    const strict =
      'maxDuration: 10m\nmetrics:\n  - { name: errors, kind: rate, margin: 1pp }\n  - { name: parity, kind: mismatch, max: 0.001%, critical: false }';
    assert.deepEqual((await planned(strict, { duration: '10m' })).problems, []);
  });
  test('can never be met when they are nothing', async () => {
    const { problems } = await planned('maxDuration: 10m\nmetrics: [{ name: errors, kind: rate, margin: 0pp }]', { duration: '10m' });
    assert.match(problems[0]?.message ?? '', /no number is enough/);
  });
  test('count what an extended measurement may take, at its own confidence', async () => {
    const extended = await planned(`onInconclusive: extend\nmaxDuration: 2h\n${usual}`);
    const paused = await planned(`onInconclusive: pause\nmaxDuration: 2h\n${usual}`);
    assert.ok(extended.plan.extends && !paused.plan.extends);
    assert.ok((extended.plan.goals[0]?.n ?? 0) > (paused.plan.goals[0]?.n ?? 0), 'every look costs confidence');
    assert.match(extended.words[0] ?? '', /for 30 m, up to 2 h while undecided/);
  });
});

test('a dual run whose settings come from earlier steps is left for the run', async () => {
  const graph = { runbook: 'shop', metadata: {}, phases: [], nodes: {}, environment: {} } as unknown as Parameters<typeof measuringOf>[1]['graph'];
  const inputs: JsonObject = {};
  assert.deepEqual(await measuringOf(nothing, { graph, inputs: { values: inputs, secrets: [] }, rehearsal: false }), []);
});
