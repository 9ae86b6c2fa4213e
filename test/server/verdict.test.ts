import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { compare } from '../../src/analysis/index.ts';
import type { JournalEvent } from '../../src/engine/index.ts';
import { type AnalysisCheck, reportOf } from '../../src/report/index.ts';
import type { ServerDeps } from '../../src/server/deps.ts';
import { createPictures, verdicts } from '../../src/server/portal/verdict.ts';
import { dualRun } from '../analysis/made.ts';

const FLAGSHIP = join(import.meta.dirname, '../fixtures/journals/0.1.0/flagship.ndjson');
const events = readFileSync(FLAGSHIP, 'utf8')
  .trimEnd()
  .split('\n')
  .map((line) => JSON.parse(line) as JournalEvent); // recorded by an earlier version of our own
const runId = 'run-20261128-4w6teebj65';

const evidence = dualRun({ seed: 3, n: 3_000, slots: 20 });
const verdict = compare(evidence, [{ name: 'latency', kind: 'latency', quantiles: { p50: 0.2 } }]);

test('the page of a run has the sentence of its dual run, and asks for its picture', async () => {
  const text = String(await verdicts(reportOf({ events, row: { id: runId, runbook: 'erp-to-cloud', state: 'succeeded' } } as never)));
  assert.match(text, /<img src="\/runs\/run-[^"]+\/verdict\.svg\?step=dual%2F%40analysis" alt="Verdict at dual\/@analysis, drawn"/);
  assert.match(text, /<figcaption>the candidate is no worse than the baseline/);
});

test('the picture shows both distributions, is drawn once as long as nothing happens, and there is none of another step', async () => {
  let computed = 0;
  const check: AnalysisCheck = { path: 'dual/@analysis', attempt: 1, ok: true, verdict, evidence, differences: [] };
  const app = { analyses: () => Promise.resolve((computed++, [check])) };
  const pictures = createPictures({ app, stateDir: '/nowhere', signal: new AbortController().signal } as unknown as ServerDeps); // all it asks of them
  const target = (seq: number) => ({ runId, repository: undefined, object: { kind: 'runbook' }, facts: { events: [{ seq }] } }) as never;
  const first = await pictures(target(7), 'dual/@analysis');
  assert.equal(first.match(/<polygon /g)?.length, 2);
  assert.equal(await pictures(target(7), 'dual/@analysis'), first);
  assert.equal(computed, 1);
  await pictures(target(8), 'dual/@analysis');
  assert.equal(computed, 2);
  await assert.rejects(pictures(target(8), 'other/step'), { code: 'NO_VERDICT' });
  for (let seq = 100; seq < 200; seq++) await pictures(target(seq), 'dual/@analysis');
  await pictures(target(7), 'dual/@analysis');
  assert.equal(computed, 104, 'what was looked at long ago is not kept for ever');
});
