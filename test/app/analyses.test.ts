import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { compareBy, type Evidence, recordBytes, type Series } from '../../src/analysis/index.ts';
import { checkAnalyses } from '../../src/app/analyses.ts';
import type { RunJournal } from '../../src/app/index.ts';
import { type Digest, digestOfBytes, type JsonObject, SlipwayError } from '../../src/core/index.ts';
import type { EventBody } from '../../src/engine/index.ts';
import { analysis, plainMetric } from '../../src/steps/analysis/index.ts';
import { dualRun } from '../analysis/made.ts';
import { created, type Moment, story } from '../report/run/story.ts';
import { contextWith, evidenceStore } from '../steps/context.ts';

const PATH = 'dual/@analysis';
const metrics = [
  { name: 'latency', kind: 'latency', quantiles: { p50: '20%', p95: '40%' } },
  { name: 'errors', kind: 'rate', margin: '1pp' },
];
const good = dualRun({ seed: 3, n: 3_000, slots: 20 });
const slow = dualRun({ seed: 3, n: 3_000, slots: 20, candidate: (ms) => ms * 1.9 });
const series: Series = {
  ...{ version: 1, algorithm: 'minute-samples/1', startedAt: 0, slotMs: 60_000 },
  metrics: [
    {
      ...{ name: 'orders', kind: 'numeric' },
      slots: Array.from({ length: 20 }, (_, index) => ({
        baseline: { value: 100 + (index % 7), weight: 1 },
        candidate: { value: 101 + (index % 5), weight: 1 },
      })),
    },
  ],
};
type Store = ReturnType<typeof evidenceStore>;

/** The part of a journal that is read, over events and a store. */
function journalOf(moments: readonly Moment[], store: Store): RunJournal {
  const journal = { read: async () => story(moments), evidence: async (digest: Digest) => store.kept.get(digest) };
  return journal as unknown as RunJournal; // nothing else is called
}

/** Run the real step over the evidence and record what it said, as the engine does. */
async function recorded(evidence: Evidence, more: JsonObject = {}) {
  assert.ok(analysis.target === 'none');
  const store = evidenceStore();
  const settings: JsonObject = { metrics, ...more, evidence: await store.put(Buffer.from(JSON.stringify(evidence))) };
  const run = analysis.execute(analysis.with.parse(settings), contextWith({ evidence: store }));
  const result = await run.then(
    (outcome) => ({ state: 'ok' as const, outputs: outcome.outputs as JsonObject, summary: outcome.summary ?? '' }),
    (thrown: unknown) => {
      assert.ok(thrown instanceof SlipwayError);
      return { state: 'failed' as const, error: { code: thrown.code, message: thrown.message, retry: thrown.retry } };
    },
  );
  return { store, settings, moments: momentsOf(settings, result) };
}

function momentsOf(settings: JsonObject, result: Extract<EventBody, { type: 'stepFinished' }>['result']): readonly Moment[] {
  return [
    created,
    [10, { type: 'stepStarted', path: PATH, attempt: 1, key: 'k', with: settings }],
    [20, { type: 'stepFinished', path: PATH, attempt: 1, result, durationMs: 10 }],
  ];
}
const only = async (moments: readonly Moment[], store: Store) => {
  const [check, ...rest] = await checkAnalyses(journalOf(moments, store), 'run-20261123-7k2m9qz4ab');
  assert.ok(check && rest.length === 0);
  return check;
};

describe('verdicts of a run, computed again', () => {
  test('are the same to the last bit, whether they passed or failed', async () => {
    for (const [evidence, verdict] of [
      [good, 'pass'],
      [slow, 'fail'],
      [dualRun({ seed: 1, n: 60, slots: 12 }), 'inconclusive'],
    ] as const) {
      const { store, moments } = await recorded(evidence, { seed: 5 });
      const check = await only(moments, store);
      assert.deepEqual([check.ok, check.differences], [true, []], verdict);
      assert.ok(check.verdict);
    }
    const { store, moments } = await recorded(slow);
    assert.equal((await only(moments, store)).verdict?.verdict, 'fail');
  });

  test('also with what was sampled beside the probe', async () => {
    const store = evidenceStore();
    const digest = await store.put(Buffer.from(JSON.stringify(series)));
    const orders = { name: 'orders', kind: 'numeric', direction: 'higher', margin: '20%' };
    const settings: JsonObject = { metrics: [...metrics, orders], series: digest, evidence: await store.put(Buffer.from(JSON.stringify(good))) };
    assert.ok(analysis.target === 'none');
    const { outputs } = await analysis.execute(analysis.with.parse(settings), contextWith({ evidence: store }));
    const result = { state: 'ok' as const, outputs: outputs as JsonObject }; // outputs of this kind are JSON
    const check = await only(momentsOf(settings, result), store);
    assert.deepEqual([check.ok, check.differences], [true, []]);
    assert.equal(check.verdict?.metrics.at(-1)?.method, 'fieller');
    store.kept.delete(digest);
    assert.match((await only(momentsOf(settings, result), store)).differences.join(), /is gone/);
  });

  test('also of a dual run without a probe', async () => {
    const store = evidenceStore();
    const orders = { name: 'orders', kind: 'numeric', direction: 'higher', margin: '20%' };
    const settings: JsonObject = { metrics: [orders], series: await store.put(Buffer.from(JSON.stringify(series))) };
    assert.ok(analysis.target === 'none');
    const { outputs } = await analysis.execute(analysis.with.parse(settings), contextWith({ evidence: store }));
    assert.equal(outputs['verdict'], 'pass');
    const check = await only(momentsOf(settings, { state: 'ok', outputs: outputs as JsonObject }), store); // outputs of this kind are JSON
    assert.deepEqual([check.ok, check.differences, check.evidence], [true, [], undefined]);
  });

  test('differ where somebody changed what was recorded, and it says where', async () => {
    const { store, moments } = await recorded(good);
    const changed = JSON.parse(JSON.stringify(moments).replace('"margin":0.01', '"margin":0.02')) as readonly Moment[];
    assert.match((await only(changed, store)).differences.join('\n'), /^outputs\.metrics\[2\]\.margin was 0\.02, and is now 0\.01$/m);
    const other = JSON.parse(JSON.stringify(moments).replace('"20%"', '"25%"')) as readonly Moment[];
    assert.match((await only(other, store)).differences.join('\n'), /record\.metrics\[0\]\.margin was 0\.2, and is now 0\.25/);
  });

  test('of evidence that was changed or lost are not computed, and it says why', async () => {
    const { store, settings, moments } = await recorded(good);
    const digest = settings['evidence'] as Digest; // put in above
    store.kept.set(digest, Buffer.from(JSON.stringify(slow)));
    const tampered = await only(moments, store);
    assert.equal(tampered.ok, false);
    assert.match(tampered.differences.join(), /was changed after it was kept/);
    store.kept.delete(digest);
    assert.match((await only(moments, store)).differences.join(), /is gone/);
  });

  test('that failed must fail again in the same words, and must have been kept with the same bits', async () => {
    const { store, settings, moments } = await recorded(slow);
    const milder = JSON.parse(JSON.stringify(moments).replace(/grew by at least \d+%/, 'grew by at least 1%')) as readonly Moment[];
    assert.match((await only(milder, store)).differences.join(), /the sentence was ".*1%.*", and is now/);
    for (const digest of [...store.kept.keys()]) if (digest !== settings['evidence']) store.kept.delete(digest);
    assert.match((await only(moments, store)).differences.join(), /no verdict with these bits was kept/);
    const passed = momentsOf(settings, { state: 'failed', error: { code: 'ANALYSIS_INCONCLUSIVE', message: 'undecided', retry: 'never' } });
    assert.match((await only(passed, store)).differences.join(), /ended with ANALYSIS_INCONCLUSIVE, and the verdict is now fail/);
  });

  test('of the first method are computed by the first method', async () => {
    const first = 'non-inferiority/1';
    for (const evidence of [good, slow]) {
      const store = evidenceStore();
      const digest = await store.put(Buffer.from(JSON.stringify({ ...evidence, algorithm: 'open-loop-pairs/1' })));
      const settings: JsonObject = { metrics, evidence: digest };
      const plain = analysis.with.parse(settings).metrics.map(plainMetric);
      const verdict = compareBy(first, { ...evidence, algorithm: 'open-loop-pairs/1' }, plain, { confidence: 0.95 });
      const record = await store.put(recordBytes({ evidence: digest, metrics: plain, verdict }));
      assert.deepEqual(Object.keys(JSON.parse(Buffer.from(store.kept.get(record) ?? '').toString()) as object), ['evidence', 'verdict'], 'as it was then');
      const { sentence, confidence, seed } = verdict;
      const told = JSON.parse(
        JSON.stringify({ verdict: verdict.verdict, sentence, metrics: verdict.metrics, algorithm: first, confidence, seed, record }),
      ) as JsonObject;
      const result =
        verdict.verdict === 'pass'
          ? { state: 'ok' as const, outputs: told }
          : { state: 'failed' as const, error: { code: 'ANALYSIS_FAILED', message: sentence, retry: 'never' as const } };
      const check = await only(momentsOf(settings, result), store);
      assert.deepEqual([check.ok, check.verdict?.algorithm, check.differences], [true, first, []]);
      assert.equal(digestOfBytes(store.kept.get(record) ?? ''), record);
    }
  });

  test('are none in a run without an analysis', async () => {
    await assert.rejects(
      checkAnalyses(journalOf([created], evidenceStore()), 'run-20261123-7k2m9qz4ab'),
      (thrown: unknown) => thrown instanceof SlipwayError && thrown.code === 'NO_VERDICT' && thrown.exitCode === 6,
    );
  });
});
