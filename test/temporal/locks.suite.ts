import assert from 'node:assert/strict';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { runbookOf } from '../scenario/files.ts';
import { live, until } from '../scenario/site.ts';
import { stateOf } from '../../src/engine/index.ts';
import { record } from '../engine/conformance/rig.ts';
import { step } from '../engine/conformance/scenarios-flow.ts';
import { sqlite } from '../engine/conformance/stores.ts';
import { temporalRig } from '../engine/conformance/temporal.ts';
import { graphOf } from '../engine/support.ts';
import { type Case, type Cases, openCases, ZONE } from './cases.ts';
import { shakyLocks } from './shaky-locks.ts';

/** Runs on Temporal and runs on one machine act under the same locks, whoever dies. */

const LOCAL = { SLIPWAY_ENGINE: 'local' };
const SECOND_MS = 1_000;

let cases: Cases;
before(async () => (cases = await openCases()));
after(() => cases[Symbol.asyncDispose]());

/** A step that writes when it begins and when it ends, and goes on until it is let go: somebody else in between would be seen. */
const busy = (shell: Case['shell']) => ({
  inputs: { who: { type: 'string' } },
  steps: [
    shell('act', 'echo "begin $WHO" >> ledger; until [ -e "go-$WHO" ]; do sleep 0.2; done; echo "end $WHO" >> ledger', { env: { WHO: '${{ inputs.who }}' } }),
  ],
});

/** Lines of the ledger of a case on the machine. */
async function ledger(site: Case): Promise<readonly string[]> {
  return ((await cases.machine.read(site.file('ledger'))) ?? '').trim().split('\n').filter(Boolean);
}

async function begun(site: Case, who: string): Promise<void> {
  await until(`${who} begins`, async () => ((await ledger(site)).includes(`begin ${who}`) ? true : undefined));
}

/** The folder of a case is there once a step has begun. */
const letGo = (site: Case, who: string): Promise<void> => cases.machine.write(site.file(`go-${who}`), '');

/** Between a beginning and the next one, whoever began has ended: or it died, and began again itself. */
function assertAlone(lines: readonly string[]): void {
  let busyWith: string | undefined;
  for (const line of lines) {
    const [what, who] = line.split(' ');
    if (what === 'begin') assert.ok(busyWith === undefined || busyWith === who, `${who} began while ${busyWith} acted: ${lines.join(', ')}`);
    busyWith = what === 'begin' ? who : busyWith === who ? undefined : busyWith;
  }
}

/**
 * Who acted, one after the other. A step may begin again by itself: on a machine as busy as this may be, a worker is taken for dead now and then, and what it left on
 * the machine may end later.
 */
function turns(lines: readonly string[]): readonly string[] {
  const who = lines.flatMap((line) => (line.startsWith('begin ') ? [line.slice('begin '.length)] : []));
  return who.filter((each, index) => each !== who[index - 1]);
}

const apply = (site: Case, who: string, env: { readonly [name: string]: string } = {}) =>
  live(site.at, ['apply', 'work', '--yes', '--input', `who=${who}`], { env });

describe('locks of runs on Temporal', { concurrency: 2 }, () => {
  test('a local run waits for one on Temporal, also when its worker is killed in the middle; and is told for whom', { timeout: 180_000 }, async () => {
    using site = cases.open(busy);
    const first = await site.worker('--central', '--zone', ZONE);
    const remote = await apply(site, 'remote');
    await begun(site, 'remote');
    const local = await apply(site, 'local', LOCAL);
    const queued = await local.sees('runQueued');
    assert.match(JSON.stringify(queued), new RegExp(`hosts:[^"]*web.*${remote.id}`));
    const { stdout } = await site.at.run(0, ['locks']);
    assert.match(stdout, new RegExp(`hosts:\\S*web[\\s\\S]*${remote.id}[\\s\\S]*${local.id}`));
    first.child.kill('SIGKILL');
    await first.ended;
    // Nobody drives the run just now, and what it acts on is nobody else's.
    await delay(3 * SECOND_MS);
    assert.ok(!(await ledger(site)).includes('begin local'));
    await site.worker('--central', '--zone', ZONE);
    for (const who of ['remote', 'local']) await letGo(site, who);
    await remote.ends(0);
    await local.ends(0);
    assertAlone(await ledger(site));
    assert.deepEqual(turns(await ledger(site)), ['remote', 'local']);
    assert.doesNotMatch((await site.at.run(0, ['locks'])).stdout, /hosts:/);
  });

  test('a run on Temporal waits for a local one, and for others of its kind, first come first served', { timeout: 180_000 }, async () => {
    using site = cases.open(busy);
    await site.worker('--central', '--zone', ZONE);
    const local = await apply(site, 'local', LOCAL);
    await begun(site, 'local');
    const second = await apply(site, 'second');
    await second.sees('runQueued');
    const third = await apply(site, 'third');
    const queued = await third.sees('runQueued');
    assert.match(JSON.stringify(queued), new RegExp(local.id));
    assert.match((await site.at.run(0, ['status', second.id])).stdout, new RegExp(local.id));
    await letGo(site, 'local');
    // While the second has what it waits for.
    await until('the third is told again', () => (third.events().filter(({ type }) => type === 'runQueued').length >= 2 ? true : undefined));
    for (const who of ['second', 'third']) await letGo(site, who);
    for (const run of [local, second, third]) await run.ends(0);
    const lines = await ledger(site);
    assertAlone(lines);
    assert.deepEqual(turns(lines), ['local', 'second', 'third']);
  });

  test('one that is cancelled while it waits leaves the queue and never acts', { timeout: 180_000 }, async () => {
    using site = cases.open(busy);
    await site.worker('--central', '--zone', ZONE);
    const first = await apply(site, 'first');
    await begun(site, 'first');
    const second = await apply(site, 'second');
    await second.sees('runQueued');
    await site.at.run(0, ['cancel', second.id]);
    await second.ends(8);
    await letGo(site, 'first');
    await first.ends(0);
    assert.deepEqual(turns(await ledger(site)), ['first']);
    await until('no lock is held or waited for', async () => (/hosts:/.test((await site.at.run(0, ['locks'])).stdout) ? undefined : true));
  });

  test('one whose locks are taken away by force stops what it does, waits for them, and goes on', { timeout: 180_000 }, async () => {
    using site = cases.open(busy);
    await site.worker('--central', '--zone', ZONE);
    const remote = await apply(site, 'remote');
    await begun(site, 'remote');
    const lock = /(hosts:\S*web)/.exec((await site.at.run(0, ['locks'])).stdout)?.[1] ?? '';
    await site.at.run(11, ['unlock', lock]);
    await site.at.run(0, ['unlock', lock, '--force', '--reason', 'a test']);
    const local = await apply(site, 'local', LOCAL);
    await remote.sees('stepInDoubt', 'work/act');
    await letGo(site, 'local');
    await local.ends(0);
    await letGo(site, 'remote');
    await remote.ends(0);
    const lines = await ledger(site);
    // Its first try was stopped before it ended, and the next one came after whoever had the lock.
    assert.deepEqual(turns(lines), ['remote', 'local', 'remote']);
    assert.ok(!lines.slice(0, lines.indexOf('begin local')).includes('end remote'));
  });

  test('a called runbook acts under the locks of its caller, and keeps others waiting', { timeout: 180_000 }, async () => {
    using site = cases.open(() => ({ steps: [{ id: 'call', uses: 'runbook.call', with: { runbook: 'inner', inputs: { who: 'called' } } }] }));
    site.at.write('runbooks/inner.yaml', runbookOf({ name: 'inner', ...busy(site.shell) }));
    site.at.commit('a runbook that is called');
    await site.worker('--central', '--zone', ZONE);
    const caller = await live(site.at, ['apply', 'work', '--yes']);
    await begun(site, 'called');
    const { stdout } = await site.at.run(0, ['locks']);
    assert.match(stdout, new RegExp(`hosts:\\S*web[\\s\\S]*${caller.id}`));
    const other = await live(site.at, ['apply', 'inner', '--yes', '--input', 'who=other'], { env: LOCAL });
    assert.match(JSON.stringify(await other.sees('runQueued')), new RegExp(caller.id));
    for (const who of ['called', 'other']) await letGo(site, who);
    await caller.ends(0);
    await other.ends(0);
    assertAlone(await ledger(site));
    assert.deepEqual(turns(await ledger(site)), ['called', 'other']);
  });

  test('a step that has not begun when its locks are gone is not in doubt: it begins once the run has them again', { timeout: 120_000 }, async () => {
    const cacheDir = join(tmpdir(), 'slipway-test-workflows');
    await using rig = await temporalRig(sqlite, { address: cases.server.address, queue: 'shaky', cacheDir }, shakyLocks());
    const runId = 'run-20261123-00000shaky';
    // It must not be repeated, and nobody has to look at it.
    await record(rig.journal, { runId, graph: graphOf([step('one/a'), step('one/b', {}, { needs: ['one/a'], idempotency: 'manual' })]) });
    await rig.begin(runId);
    await until('its end', async () => stateOf(await rig.journal.read(runId)).finished);
    const bodies = (await rig.journal.read(runId)).map(({ body }) => body);
    assert.deepEqual(
      bodies.flatMap((body) => ('path' in body ? [`${body.type} ${body.path}`] : body.type === 'runQueued' || body.type === 'runStarted' ? [body.type] : [])),
      ['runQueued', 'runStarted', 'stepStarted one/a', 'stepFinished one/a', 'stepStarted one/b', 'stepFinished one/b'],
    );
    const began = rig.outside.effects(runId).filter(({ what }) => what === 'begin');
    assert.deepEqual(
      began.map(({ path }) => path),
      ['one/a', 'one/b'],
    );
  });

  test('a run that lost its locks asks for them only when none of its steps acts any more', { timeout: 120_000 }, async () => {
    const cacheDir = join(tmpdir(), 'slipway-test-workflows');
    const runId = 'run-20261123-0000000two';
    const acting: number[] = [];
    const underWay = (): number => {
      const effects = rig.outside.effects(runId);
      return effects.filter(({ what }) => what === 'begin').length - effects.filter(({ what }) => what === 'end').length;
    };
    const locks = shakyLocks(() => void acting.push(underWay()));
    await using rig = await temporalRig(sqlite, { address: cases.server.address, queue: 'shaky-two', cacheDir }, locks);
    // One of them begins, and the other one finds that the locks are gone.
    await record(rig.journal, { runId, graph: graphOf([step('one/a', { ms: 3 * SECOND_MS }), step('one/b', { ms: 3 * SECOND_MS })]) });
    await rig.begin(runId);
    await until('its end', async () => stateOf(await rig.journal.read(runId)).finished);
    assert.deepEqual(acting, [0, 0, 0, 0]);
    assert.equal(rig.outside.effects(runId).filter(({ what }) => what === 'end').length, 2);
  });
});
