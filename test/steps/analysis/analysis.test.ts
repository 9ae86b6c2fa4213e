import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Evidence } from '../../../src/analysis/index.ts';
import { SlipwayError } from '../../../src/core/index.ts';
import { analysis } from '../../../src/steps/analysis/index.ts';
import { arm, dualRun, evidenceOf, slot } from '../../analysis/made.ts';
import { contextWith, evidenceStore, failsWith } from '../context.ts';

const metrics = [
  { name: 'latency', kind: 'latency', quantiles: { p50: '10%', p95: '25%' } },
  { name: 'errors', kind: 'rate', margin: '1pp' },
  { name: 'parity', kind: 'mismatch', max: '1%', ignore: ['timestamp'], critical: false },
];
const good = dualRun({ seed: 3, n: 3_000, slots: 20 });
const slow = dualRun({ seed: 3, n: 3_000, slots: 20, candidate: (ms) => ms * 1.5 });
const little = evidenceOf([slot(arm([1, 2, 3]), arm([1, 2, 3]))]);

async function judge(evidence: Evidence, more: object = {}) {
  assert.ok(analysis.target === 'none');
  const store = evidenceStore();
  const context = contextWith({ evidence: store });
  const digest = await store.put(Buffer.from(JSON.stringify(evidence)));
  const run = analysis.execute(analysis.with.parse({ evidence: digest, metrics, ...more }), context);
  return { outcome: await run.catch((thrown: unknown) => thrown), context, store };
}
const thrown = async (evidence: Evidence, more: object = {}) => {
  const { outcome } = await judge(evidence, more);
  assert.ok(outcome instanceof SlipwayError, JSON.stringify(outcome));
  return outcome;
};

describe('analysis', () => {
  test('puts out the verdict and keeps it as evidence', async () => {
    const { outcome, context, store } = await judge(good, { seed: 4711 });
    const outputs = analysis.outputs.parse((outcome as { outputs: unknown }).outputs);
    assert.equal(outputs.verdict, 'pass');
    assert.equal(outputs.seed, 4_711);
    assert.deepEqual(
      outputs.metrics.map(({ label, verdict, margin }) => [label, verdict, margin]),
      [
        ['latency p50', 'pass', 0.1],
        ['latency p95', 'pass', 0.25],
        ['errors', 'pass', 0.01],
        ['parity', 'pass', 0.01],
      ],
    );
    assert.equal(store.kept.size, 2);
    assert.match(context.lines.join('\n'), /^pass: latency p50 grew by at most [\d.-]+% .*$/m);
    assert.match(context.lines.at(-2) ?? '', /^pass \(not critical\): parity/);
    assert.equal(context.lines.at(-1), `the whole verdict is kept as ${outputs.record}`);
  });
  test('a worse candidate fails the step for good', async () => {
    const error = await thrown(slow);
    assert.equal(error.code, 'ANALYSIS_FAILED');
    assert.equal(error.retry, 'never');
    assert.match(error.message, /the candidate is worse: latency p50 grew by at least/);
    assert.equal(analysis.failureTrigger, 'analysisFailed');
  });
  test('too little data is never a pass; who decides is up to the runbook', async () => {
    for (const [onInconclusive, retry] of [
      ['pause', 'pauseForHuman'],
      ['extend', 'pauseForHuman'],
      ['fail', 'never'],
      ['rollback', 'never'],
    ] as const) {
      const error = await thrown(little, { onInconclusive, maxDuration: '4h' });
      assert.deepEqual([error.code, error.retry], ['ANALYSIS_INCONCLUSIVE', retry]);
      assert.match(error.message, /latency p50 needs 60 requests per side, there are 3/);
      assert.match(error.hint ?? '', /4 h/);
    }
    assert.equal((await thrown(little)).retry, 'pauseForHuman');
  });
  test('evidence that is missing or is something else', async () => {
    assert.ok(analysis.target === 'none');
    const store = evidenceStore();
    const context = contextWith({ evidence: store });
    const run = (evidence: string) =>
      assert.rejects(
        analysis.target === 'none' ? analysis.execute(analysis.with.parse({ evidence, metrics }), context) : Promise.resolve(),
        (error: unknown) => error instanceof SlipwayError && /EVIDENCE_(MISSING|INVALID)/.test(error.code),
      );
    await run(`sha256:${'0'.repeat(64)}`);
    await run(await store.put(Buffer.from('no json')));
    await run(await store.put(Buffer.from('{"version":1}')));
    await run(
      await store.put(
        Buffer.from(JSON.stringify({ ...good, slots: [{ ...good.slots[0], baseline: { ...good.slots[0]?.baseline, latency: [99_999_999, 1] } }] })),
      ),
    );
  });
  test('margins are read as percent, points or fractions, and what is none is refused', () => {
    const margin = (text: unknown) => {
      const parsed = analysis.with.safeParse({ evidence: `sha256:${'0'.repeat(64)}`, metrics: [{ name: 'e', kind: 'rate', margin: text }] });
      const [metric] = parsed.data?.metrics ?? [];
      return metric?.kind === 'rate' ? metric.margin : undefined;
    };
    assert.deepEqual(['0.1pp', '5%', 0.05].map(margin), [0.001, 0.05, 0.05]);
    for (const wrong of ['5', '-5%', '5 %', -1, 'p5']) assert.equal(margin(wrong), undefined, String(wrong));
    const twice = { evidence: `sha256:${'0'.repeat(64)}`, metrics: [metrics[1], metrics[1]] };
    assert.ok(!analysis.with.safeParse(twice).success);
  });
  test('a plan says how many requests it takes', async () => {
    assert.ok(analysis.target === 'none' && analysis.preview);
    const input = analysis.with.parse({ evidence: `sha256:${'0'.repeat(64)}`, metrics });
    const preview = await analysis.preview(input, { ...contextWith(), hosts: [], options: { timeoutMs: 1 }, approximate: true });
    assert.ok(preview.type === 'note');
    assert.match(
      preview.text,
      /^latency p50 needs about [\d,]+ requests per side; latency p95 needs .*; errors needs about \d+ requests per side; parity needs about 299 requests/,
    );
  });
});

test('failsWith tells codes apart', () => assert.ok(!failsWith('OTHER')(new SlipwayError('CODE', 'x'))));
