import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { inventoryOf, runbookOf } from './files.ts';
import { type Machine, openMachine } from './machine.ts';
import { live, openSite, type Site, until } from './site.ts';

/** People at other terminals steer a real run while it lives, or after its process died. */

const POLICY = `package slipway.site

deny contains {"msg": "nobody answers for it"} if not input.runbook.owner
`;
const ROLLBACK = { on: ['stepFailed', 'approvalDenied', 'manual'], budget: '1m' };
const WAIT = { id: 'go', uses: 'wait.signal', with: { name: 'go' } };
const BOB = { actor: 'user:bob', teams: 'ops' };

let machine: Machine;
let count = 0;
before(async () => {
  machine = await openMachine();
});
after(async () => {
  await machine[Symbol.asyncDispose]();
});

interface Case extends Disposable {
  readonly at: Site;
  /** Name of a file in the folder of this case on the machine. */
  readonly file: (name: string) => string;
  /** A step that runs shell text in that folder. */
  readonly shell: (id: string, run: string, more?: object) => object;
}

/** A repository of its own with one runbook, `work`. */
function caseOf(make: (shell: Case['shell']) => { readonly steps: readonly unknown[]; readonly [more: string]: unknown }): Case {
  const folder = `case-${(count += 1)}`;
  const shell: Case['shell'] = (id, run, more = {}) => {
    const env = { DIR: `${machine.folder}/${folder}` };
    return { id, run: `mkdir -p "$DIR"; cd "$DIR"; ${run}`, env, hosts: 'web', idempotency: 'safe', ...more };
  };
  const files = {
    'runbooks/estate.yaml': inventoryOf(machine),
    'runbooks/work.yaml': runbookOf({ name: 'work', rollback: ROLLBACK, ...make(shell) }),
    'policies/rules.rego': POLICY,
  };
  const at = openSite(files, machine.env);
  return { at, file: (name) => `${folder}/${name}`, shell, [Symbol.dispose]: () => at[Symbol.dispose]() };
}

/** A step that leaves a file on the machine, and its undoing. */
function mark(shell: Case['shell']): object {
  return shell('mark', 'echo here > mark', { compensate: [shell('unmark', 'rm -f mark')] });
}

const apply = (at: Site, ...more: readonly string[]) => live(at, ['apply', 'work', '--yes', ...more]);
const reasonOf = (events: Awaited<ReturnType<typeof live>>['events']): unknown => events().find(({ type }) => type === 'rollbackRequested')?.['trigger'];

describe('people steer a run from other terminals', { concurrency: 2 }, () => {
  test('a gate opens for two different people who may, and for nobody else', async () => {
    const gate = { id: 'gate', uses: 'approval', with: { approvers: ['team:ops'], required: 2 } };
    using here = caseOf(() => ({ steps: [gate, { id: 'tell', uses: 'notify', with: { text: 'opened' } }] }));
    const { at } = here;
    const run = await apply(at);
    await run.sees('stepWaiting', 'work/gate');
    assert.match((await at.run(3, ['approve', run.id], { actor: 'user:mallory' })).stderr, /NOT_ELIGIBLE/);
    assert.match((await at.run(3, ['approve', run.id], { actor: 'user:ada', teams: 'ops' })).stderr, /not whoever wrote or started/);
    await at.run(3, ['approve', run.id], { actor: 'user:grace@site.test', teams: 'ops' });
    assert.match((await at.run(6, ['approve', run.id, 'work/gaet'], BOB)).stderr, /work\/gate/);
    await at.run(0, ['approve', run.id, 'work/gate'], BOB);
    await at.run(0, ['approve', run.id], BOB);
    await at.run(0, ['approve', run.id], { actor: 'user:carol', teams: 'ops' });
    assert.match((await run.ends(0)).stderr, /opened/);
    const decided = run.events().flatMap(({ type, ...body }) => (type === 'voteCast' ? [body['voter']] : type === 'gateClosed' ? [body['outcome']] : []));
    assert.deepEqual(decided, ['user:bob', 'user:bob', 'user:carol', 'approved']);
  });

  test('a rejection rolls back what was done', async () => {
    using here = caseOf((shell) => ({ steps: [mark(shell), { id: 'gate', uses: 'approval', with: { approvers: ['user:bob'] } }] }));
    const { at } = here;
    const run = await apply(at);
    await run.sees('stepWaiting', 'work/gate');
    assert.equal(await machine.read(here.file('mark')), 'here\n');
    await at.run(0, ['reject', run.id, '--reason', 'not today'], BOB);
    await run.ends(13);
    assert.equal(await machine.read(here.file('mark')), undefined);
    assert.match((await at.run(0, ['status', run.id])).stdout, /approvalDenied/);
  });

  test('a cancelled run cleans up and ends, and undoes nothing', async () => {
    const tidy = { id: 'tidy', uses: 'notify', with: { text: 'tidied' } };
    using here = caseOf((shell) => ({ steps: [], phases: [{ id: 'work', type: 'custom', steps: [mark(shell), WAIT], finally: [tidy] }] }));
    const { at } = here;
    const run = await apply(at);
    await run.sees('stepWaiting', 'work/go');
    await at.run(0, ['cancel', run.id, '--reason', 'enough']);
    assert.match((await run.ends(8)).stderr, /tidied/);
    assert.equal(await machine.read(here.file('mark')), 'here\n');
    assert.match((await at.run(1, ['signal', run.id, 'go'])).stderr, /RUN_OVER/);
  });

  test('a paused run stops, goes on when resumed, and takes its signal', async () => {
    using here = caseOf(() => ({ steps: [WAIT, { id: 'tell', uses: 'notify', with: { text: 'went with ${{ steps.go.outputs.payload.speed }}' } }] }));
    const { at } = here;
    const run = await apply(at);
    await run.sees('stepWaiting', 'work/go');
    await at.run(0, ['pause', run.id]);
    await run.ends(0);
    assert.match((await at.run(0, ['runs', '--state', 'paused'])).stdout, new RegExp(run.id));
    const again = await live(at, ['resume', run.id]);
    await again.sees('resumeRequested');
    await at.run(0, ['signal', run.id, 'go', '{"speed": "care"}']);
    assert.match((await again.ends(0)).stderr, /went with care/);
  });

  test('a live run is rolled back on request', async () => {
    using here = caseOf((shell) => ({ steps: [mark(shell), WAIT] }));
    const run = await apply(here.at);
    await run.sees('stepWaiting', 'work/go');
    await here.at.run(0, ['rollback', run.id, '--reason', 'second thoughts']);
    await run.ends(13);
    assert.equal(reasonOf(run.events), 'manual');
    assert.equal(await machine.read(here.file('mark')), undefined);
  });

  test('a finished run is rolled back by a run of its own, once', async () => {
    using here = caseOf((shell) => ({ steps: [mark(shell)] }));
    const run = await apply(here.at);
    await run.ends(0);
    assert.equal(await machine.read(here.file('mark')), 'here\n');
    const back = await live(here.at, ['rollback', run.id, '--reason', 'not wanted any more']);
    await back.ends(13);
    assert.notEqual(back.id, run.id);
    assert.equal(await machine.read(here.file('mark')), undefined);
    assert.equal(run.events().at(-1)?.type, 'runFinished');
    await here.at.run(1, ['rollback', back.id]);
    assert.match((await here.at.run(1, ['rollback', run.id])).stderr, /NOTHING_TO_UNDO/);
  });

  test('runs of a group go one after the other, first come first served', async () => {
    using here = caseOf(() => ({ inputs: { turn: { type: 'string' } }, steps: [WAIT], concurrency: { group: 'site', queue: 'fifo' } }));
    const first = await apply(here.at, '--input', 'turn=first');
    await first.sees('stepWaiting', 'work/go');
    assert.match((await here.at.run(11, ['apply', 'work', '--yes', '--input', 'turn=first'])).stderr, /ALREADY_RUNNING/, 'the same plan twice at once');
    const second = await apply(here.at, '--input', 'turn=second');
    await second.sees('runQueued');
    assert.equal(
      second.events().some(({ type }) => type === 'runStarted'),
      false,
    );
    await here.at.run(0, ['signal', second.id, 'go']);
    assert.match((await here.at.run(0, ['status', second.id])).stdout, /queued/);
    await here.at.run(0, ['signal', first.id, 'go']);
    await first.ends(0);
    await second.ends(0);
  });
});

const KEEP_BUSY = '[ -e release ] || sleep 30';

describe('the process of a run dies', { concurrency: 2 }, () => {
  test('a second driver is refused while the first lives; after kill -9 a safe step runs again', async () => {
    using here = caseOf((shell) => ({ steps: [shell('busy', `echo try >> tries; ${KEEP_BUSY}`)] }));
    const { at } = here;
    const run = await apply(at);
    await until('the step', () => machine.read(here.file('tries')), run.started);
    assert.match((await at.run(11, ['resume', run.id])).stderr, /LOCKED/);
    run.started.child.kill('SIGKILL');
    await run.ended;
    await machine.write(here.file('release'), '');
    await at.run(0, ['resume', run.id]);
    assert.equal(await machine.read(here.file('tries')), 'try\ntry\n');
    await at.run(0, ['journal', 'verify', run.id]);
  });

  test('a step that must not run twice waits for a person, who settles it', async () => {
    using here = caseOf((shell) => ({ steps: [shell('once', `echo try >> tries; ${KEEP_BUSY}`, { idempotency: 'manual' })] }));
    const { at } = here;
    const run = await apply(at);
    await until('the step', () => machine.read(here.file('tries')), run.started);
    run.started.child.kill('SIGKILL');
    await run.ended;
    await at.run(1, ['resume', run.id]);
    assert.match((await at.run(0, ['runs', '--state', 'attention'])).stdout, new RegExp(run.id));
    assert.match((await at.run(6, ['resolve', run.id, 'work/onse', '--as', 'done'])).stderr, /did you mean "work\/once"/);
    await at.run(0, ['resolve', run.id, 'work/once', '--as', 'done']);
    await at.run(0, ['resume', run.id]);
    assert.equal(await machine.read(here.file('tries')), 'try\n');
  });

  test('Ctrl-C once cancels in good order', async () => {
    using here = caseOf(() => ({ steps: [WAIT] }));
    const run = await apply(here.at);
    await run.sees('stepWaiting', 'work/go');
    run.started.child.kill('SIGINT');
    assert.match((await run.ends(8)).stderr, /cancelling/);
  });

  test('SIGTERM hands the run over: what is under way ends and counts, and whoever resumes goes on from there', async () => {
    using here = caseOf((shell) => ({ steps: [shell('busy', 'echo try >> tries; sleep 2', { idempotency: 'manual' }), shell('then', 'echo then >> tries')] }));
    const { at } = here;
    const run = await apply(at);
    await until('the step', () => machine.read(here.file('tries')), run.started);
    run.started.child.kill('SIGTERM');
    assert.match((await run.ends(1)).stderr, new RegExp(`HANDED_OVER[^]*slipway resume ${run.id}`));
    assert.equal(await machine.read(here.file('tries')), 'try\n', 'nothing new has started');
    await at.run(0, ['resume', run.id]);
    assert.equal(await machine.read(here.file('tries')), 'try\nthen\n');
  });

  test('Ctrl-C twice stops at once, and what was being cleaned up goes on when resumed', async () => {
    using here = caseOf((shell) => {
      const tidy = shell('tidy', `echo try >> tidied; ${KEEP_BUSY}`);
      return { steps: [], phases: [{ id: 'work', type: 'custom', steps: [WAIT], finally: [tidy] }] };
    });
    const { at } = here;
    const run = await apply(at);
    await run.sees('stepWaiting', 'work/go');
    run.started.child.kill('SIGINT');
    await until('the clean-up', () => machine.read(here.file('tidied')), run.started);
    run.started.child.kill('SIGINT');
    await run.ends(130);
    await machine.write(here.file('release'), '');
    await at.run(8, ['resume', run.id]);
    assert.equal(await machine.read(here.file('tidied')), 'try\ntry\n');
  });
});
