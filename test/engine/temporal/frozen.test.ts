import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ApplicationFailure } from '@temporalio/common';
import { systemClock } from '../../../src/core/index.ts';
import type { WorkerHands } from '../../../src/engine/index.ts';
import { bookActivities } from '../../../src/engine/temporal/activities/books.ts';
import { effectActivities } from '../../../src/engine/temporal/activities/effects.ts';
import { LOST, type Work } from '../../../src/engine/temporal/contract.ts';
import { record } from '../conformance/rig.ts';
import { graphOf, node, RUN_ID, temporaryJournal } from '../support.ts';

// A worker that was frozen, and goes on in the middle of a chain of promises: no timer has run since. No server is needed for that.

const FROZEN_MS = 60_000;
const WORK: Work = {
  ...{ runId: RUN_ID, secrets: [], heartbeatMs: 5_000 },
  task: { path: 'one/a', attempt: 1, uses: 'test.hosts', with: {}, key: 'k', timeoutMs: 0, ledger: {}, repeatable: true, probes: false },
};
const here = () => ({ beat: async () => 'ok' as const, shutdown: new AbortController().signal });
const isLost = (cause: unknown): boolean => cause instanceof ApplicationFailure && cause.type === LOST;

function clockThatFreezes() {
  let frozenMs = 0;
  return { clock: { ...systemClock, monotonic: () => systemClock.monotonic() + frozenMs }, freeze: () => void (frozenMs += FROZEN_MS) };
}

type Execute = Awaited<ReturnType<WorkerHands['toolsOf']>>['executor']['execute'];

function handsOf(journal: WorkerHands['journal'], clock: WorkerHands['clock'], execute: Execute): WorkerHands {
  const tools = { executor: { execute, probe: () => assert.fail('nothing is looked at') }, [Symbol.dispose]: () => undefined };
  return { journal, clock, release: async () => undefined, call: () => assert.fail('nothing is called'), toolsOf: async () => tools };
}

test('a worker that was frozen begins no other host', async () => {
  await using at = temporaryJournal();
  const { clock, freeze } = clockThatFreezes();
  const began: string[] = [];
  const execute: Execute = async (_task, { hostStarted }) => {
    for (const host of ['h1', 'h2']) {
      await hostStarted(host);
      began.push(host);
      freeze();
    }
    return { state: 'changed', outputs: {} };
  };
  const { execute: act } = effectActivities({ hands: handsOf(at.journal, clock, execute), here });
  await assert.rejects(act(WORK), isLost);
  assert.deepEqual(began, ['h1']);
});

test('a worker that was frozen begins no step', async () => {
  await using at = temporaryJournal();
  const { clock, freeze } = clockThatFreezes();
  const hands = handsOf(at.journal, clock, () => assert.fail('it began'));
  const slow: WorkerHands = { ...hands, toolsOf: (...of) => hands.toolsOf(...of).finally(freeze) };
  await assert.rejects(effectActivities({ hands: slow, here }).execute(WORK), isLost);
});

test('a worker that was frozen gives back no lease of a run, which may be that of its follower', async () => {
  await using at = temporaryJournal();
  const { clock, freeze } = clockThatFreezes();
  await record(at.journal, { runId: RUN_ID, graph: graphOf([node('one/a')]) });
  const lease = await at.journal.acquire(RUN_ID, 'owner', FROZEN_MS);
  const journal: WorkerHands['journal'] = Object.assign(Object.create(at.journal), { run: (id: string) => at.journal.run(id).finally(freeze) });
  const { openRun } = bookActivities({ hands: handsOf(journal, clock, () => assert.fail('it began')), here });
  await assert.rejects(openRun({ runId: RUN_ID, owner: 'owner' }), isLost);
  assert.equal((await at.journal.run(RUN_ID))?.lease?.token, 'token' in lease ? lease.token : undefined);
});
