import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { decide, type JournalEvent, stateOf } from '../../src/engine/index.ts';
import { verifyChain } from '../../src/journal/index.ts';
import { summaryOf } from '../fixtures/journals/summary.ts';
import { kindOf } from '../../src/steps/index.ts';
import { reportOf } from '../../src/report/index.ts';

// Journals of runs as earlier versions wrote them. They are never changed: what a version recorded means the same for ever.
const KEPT = join(import.meta.dirname, '..', 'fixtures', 'journals');
const names = readdirSync(KEPT, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ndjson'));

describe('journals of earlier versions', () => {
  for (const name of names) {
    const lines = readFileSync(join(KEPT, name), 'utf8').trimEnd().split('\n');
    const events = lines.map((line) => JSON.parse(line) as JournalEvent); // kept by keep.ts
    const expected = JSON.parse(readFileSync(join(KEPT, name.replace(/\.ndjson$/, '.json')), 'utf8')) as unknown;
    const runId = events[0]?.runId ?? '';

    test(`${name} verifies and means what it meant`, () => {
      assert.deepEqual(verifyChain(runId, events), { ok: true, events: events.length, head: events.at(-1)?.hash });
      assert.deepEqual(JSON.parse(JSON.stringify(summaryOf(events))), expected);
    });

    test(`${name} can be decided and told of at every event`, () => {
      for (let count = 1; count <= events.length; count++) {
        const before = events.slice(0, count);
        const data = stateOf(before);
        const actions = decide(data, data.at + 1, kindOf);
        assert.ok(count < events.length || actions.length === 0, 'nothing goes on after the end');
        const row = { id: runId, order: 1, runbook: 'r', planDigest: 'sha256:p', createdAt: 1, rehearsal: true, labels: {}, state: 'running' } as const;
        assert.equal(reportOf({ row: { ...row, updatedAt: 1, lastSeq: count }, events: before }).events, count);
      }
    });
  }

  test('there is at least one that succeeded, one that rolled back, and one with a step in doubt', () => {
    const all = names.map((name) => readFileSync(join(KEPT, name), 'utf8'));
    for (const word of ['"state":"succeeded"', '"type":"rollbackRequested"', '"type":"stepInDoubt"'])
      assert.ok(
        all.some((text) => text.includes(word)),
        word,
      );
  });
});
