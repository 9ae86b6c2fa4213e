import assert from 'node:assert/strict';
import { test } from 'node:test';
import { beginRecorded } from '../../src/app/begin-recorded.ts';
import { systemClock } from '../../src/core/index.ts';
import { record } from '../engine/conformance/rig.ts';
import { step } from '../engine/conformance/scenarios-flow.ts';
import { sqlite } from '../engine/conformance/stores.ts';
import { graphOf } from '../engine/support.ts';

const REMOTE = 'run-20261123-00000begna';
const LOCAL = 'run-20261123-00000begnb';
const HELD = 'run-20261123-00000begnc';

test('runs that were recorded for the engine and never reached it are begun; a server that is away is asked again', { timeout: 30_000 }, async () => {
  await using opened = await sqlite.open(() => false);
  const { journal } = opened;
  const graph = graphOf([step('one/a')]);
  for (const runId of [REMOTE, HELD]) await record(journal, { runId, graph, labels: { engine: 'temporal' } });
  await record(journal, { runId: LOCAL, graph });
  await journal.acquire(HELD, 'temporal:default/held', 60_000);
  const stop = new AbortController();
  const [asked, told]: [string[], string[]] = [[], []];
  const start = async ({ runId }: { readonly runId: string }): Promise<void> => {
    asked.push(runId);
    if (asked.length === 1) throw new Error('it is away');
    stop.abort();
  };
  const clock = { ...systemClock, sleep: async () => undefined };
  await beginRecorded({ journal, engine: { start }, clock, stop: stop.signal, notice: (line) => void told.push(line) });
  assert.deepEqual(asked, [REMOTE, REMOTE]);
  assert.deepEqual(told, ['recorded runs cannot be begun just now: it is away']);
});
