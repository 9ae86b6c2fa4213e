import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chaos } from './chaos.ts';

// Half a minute of it, with one seed; `npm run test:chaos -- --minutes 30` goes on for longer, with another seed each time (docs/testing.md).
const SECONDS = 30;
const seed = 20_785;

test(`100 runs live through ${SECONDS} s of faults and then end, and every promise holds (seed ${seed})`, { timeout: 600_000 }, async (t) => {
  const report = await chaos({ seed, runs: 100, seconds: SECONDS, standstillSeconds: 60, workers: 3, store: 'sqlite', say: (line) => t.diagnostic(line) });
  t.diagnostic(JSON.stringify(report));
  assert.deepEqual(report.broken, []);
  assert.ok(report.runs > 100 && report.effects > 200, 'it was too calm to say anything');
  for (const fault of ['kill', 'freeze', 'term']) assert.ok((report.faults[fault] ?? 0) > 0, `no ${fault} was injected`);
});
