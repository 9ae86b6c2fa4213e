import assert from 'node:assert/strict';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { JsonObject } from '../../src/core/index.ts';
import { stateOf } from '../../src/engine/index.ts';
import type { PlanGraph, PlanNode } from '../../src/plan/index.ts';
import { localRig } from '../engine/conformance/local.ts';
import type { Deed } from '../engine/conformance/outside.ts';
import { record, type Rig } from '../engine/conformance/rig.ts';
import { step } from '../engine/conformance/scenarios-flow.ts';
import { sqlite } from '../engine/conformance/stores.ts';
import { temporalRig } from '../engine/conformance/temporal.ts';
import { graphOf, hostRule, node } from '../engine/support.ts';
import { until } from '../scenario/site.ts';
import { type DevServer, startServer } from './server.ts';

/**
 * Where the engines differ on purpose: one test for each line of the table in docs/engines.md, and both engines in each. (That a step which nobody takes asks
 * for a worker is in zones.suite.ts, rehearsals are in commands.suite.ts.)
 */

let server: DevServer;
let local: Rig;
let remote: Rig;
before(async () => {
  server = await startServer(process.env['SLIPWAY_TEMPORAL'] ?? '');
  local = await localRig(sqlite);
  remote = await temporalRig(sqlite, { address: server.address, queue: 'differences', cacheDir: join(tmpdir(), 'slipway-test-workflows') });
});
after(async () => {
  await remote[Symbol.asyncDispose]();
  await local[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

let count = 0;
/** The same run on both engines, to its end. */
async function both(graph: PlanGraph): Promise<readonly { readonly rig: Rig; readonly runId: string }[]> {
  const runId = `run-20261123-${String((count += 1)).padStart(10, '0')}`;
  return Promise.all(
    [local, remote].map(async (rig) => {
      await record(rig.journal, { runId, graph });
      await rig.begin(runId);
      await until(`the end on ${rig.name}`, async () => stateOf(await rig.journal.read(runId)).finished);
      return { rig, runId };
    }),
  );
}
const onHosts = (
  path: string,
  names: readonly string[],
  { on = {}, ...rest }: { on?: { readonly [host: string]: Deed & JsonObject } } & Partial<PlanNode> = {},
): PlanNode => node(path, { uses: 'test.hosts', with: { on }, hosts: hostRule(names), timeoutMs: 60_000, ...rest });
const bodiesOf = async ({ rig, runId }: { readonly rig: Rig; readonly runId: string }) => (await rig.journal.read(runId)).map(({ body }) => body);

describe('differences between the engines', { concurrency: 3 }, () => {
  test('hostFirst: here a machine goes on to the next step at its own pace, there all of them end a step first', { timeout: 120_000 }, async () => {
    const hosts = hostRule(['slow', 'quick'], { strategy: 'hostFirst' });
    const graph = graphOf([onHosts('one/a', [], { on: { slow: { ms: 1_500 } }, hosts }), onHosts('one/b', [], { hosts, needs: ['one/a'] })]);
    const [here, there] = (await both(graph)).map(({ rig, runId }) => {
      const at = (what: string, path: string, host: string) =>
        rig.outside.effects(runId).findIndex((each) => each.what === what && each.path === path && each.host === host);
      return at('begin', 'one/b', 'quick') < at('end', 'one/a', 'slow');
    });
    assert.deepEqual({ here, there }, { here: true, there: false });
  });

  test('a connection that breaks under a repeatable command: each try is on record here, one there', { timeout: 120_000 }, async () => {
    const graph = graphOf([onHosts('one/h', ['h1'], { on: { h1: { fail: { code: 'SSH_LOST' } } } })], { rollback: { on: [], budgetMs: 1, git: 'none' } });
    const told = await Promise.all(
      (await both(graph)).map(async (run) => ({
        intents: (await bodiesOf(run)).filter(({ type }) => type === 'hostStarted').length,
        tries: run.rig.outside.effects(run.runId).filter(({ what }) => what === 'begin').length,
      })),
    );
    assert.deepEqual(told, [
      { intents: 3, tries: 3 },
      { intents: 1, tries: 3 },
    ]);
  });

  test(
    'output too long for the log: both ends are in the log; all of it is in a file here, and the middle is left out there',
    { timeout: 120_000 },
    async () => {
      const runs = await both(graphOf([onHosts('one/h', ['h1'], { on: { h1: { prints: 30_000 } } })]));
      const [here = '', there = ''] = await Promise.all(runs.map(async ({ rig, runId }) => (await rig.journal.logs(runId)).map(({ text }) => text).join('\n')));
      for (const text of [here, there]) assert.ok(text.startsWith('line 0\nline 1\n') && text.trimEnd().endsWith('line 29999'));
      assert.match(here, /\[\d+ characters are left out here; all of them are in output\/\S+\]/);
      assert.match(there, /\[\d+ characters are left out here\]/);
    },
  );

  test('a result that comes after its attempt was over: refused on record here, and untold there', { timeout: 120_000 }, async () => {
    const graph = graphOf(
      [onHosts('one/h', ['h1'], { on: { h1: { ms: 5_000, deaf: true } }, timeoutMs: 500, onFailure: 'continue' }), step('one/other', { ms: 8_000 })],
      { rollback: { on: [], budgetMs: 1, git: 'none' } },
    );
    const runs = await both(graph);
    for (const { rig, runId } of runs)
      assert.ok(
        rig.outside.effects(runId).some(({ what, host }) => what === 'end' && host === 'h1'),
        'it did end, late',
      );
    const told = await Promise.all(runs.map(async (run) => (await bodiesOf(run)).filter(({ type }) => type === 'lateResultRejected').length));
    assert.deepEqual(told, [1, 0]);
    const states = await Promise.all(runs.map(async ({ rig, runId }) => stateOf(await rig.journal.read(runId)).tasks.get('one/h')?.state));
    assert.deepEqual(states, ['timedOut', 'timedOut']);
  });
});
