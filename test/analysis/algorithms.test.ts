import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { z } from 'zod';
import { ALGORITHM, ALGORITHMS, compare, compareBy, Evidence, Metric } from '../../src/analysis/index.ts';
import { SlipwayError } from '../../src/core/index.ts';
import { dualRun } from './made.ts';

/** Verdicts that the first method gave when it was the only one, with the evidence they were about. */
const Recorded = z.object({
  metrics: z.array(Metric),
  cases: z.record(z.string(), z.object({ evidence: Evidence, verdict: z.object({ algorithm: z.string(), verdict: z.string() }).loose() })),
});
const recorded = Recorded.parse(JSON.parse(readFileSync(new URL('recorded/non-inferiority-1.json', import.meta.url), 'utf8')));

test('what the first method recorded is still computed to the last bit', () => {
  const seen = new Set<string>();
  for (const [name, { evidence, verdict }] of Object.entries(recorded.cases)) {
    const again = compareBy('non-inferiority/1', evidence, recorded.metrics, { seed: 11 });
    assert.deepEqual(JSON.parse(JSON.stringify(again)), verdict, name);
    seen.add(verdict.verdict);
  }
  assert.ok(seen.size >= 3, 'several verdicts were recorded');
});

test('the second method gives the same bits as when it was recorded; another bit needs another name', () => {
  const verdicts = z.record(z.string(), z.unknown()).parse(JSON.parse(readFileSync(new URL('recorded/non-inferiority-2.json', import.meta.url), 'utf8')));
  const metrics: Metric[] = [...recorded.metrics, { name: 'answers', kind: 'throughput', margin: 0.05 }];
  assert.deepEqual(Object.keys(verdicts), Object.keys(recorded.cases));
  for (const [name, verdict] of Object.entries(verdicts)) {
    const evidence = recorded.cases[name]?.evidence;
    assert.ok(evidence);
    assert.deepEqual(JSON.parse(JSON.stringify(compareBy('non-inferiority/2', evidence, metrics, { seed: 11 }))), verdict, name);
  }
});

test('the newest method is the one in use, and a method nobody knows is refused', () => {
  assert.equal(ALGORITHMS[0], ALGORITHM);
  const evidence = dualRun({ seed: 1, n: 1_200, slots: 12 });
  assert.deepEqual(compareBy(ALGORITHM, evidence, recorded.metrics, {}), compare(evidence, recorded.metrics));
  assert.throws(
    () => compareBy('non-inferiority/99', evidence, recorded.metrics, {}),
    (thrown: unknown) => thrown instanceof SlipwayError && thrown.code === 'ALGORITHM_UNKNOWN',
  );
});
