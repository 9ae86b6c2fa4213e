import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { SlipwayError } from '../../src/core/index.ts';
import { type EventBody, stateOf } from '../../src/engine/index.ts';
import { indexOf } from '../../src/engine/graph-index.ts';
import type { Journal } from '../../src/journal/index.ts';
import type { HostRule, PlanNode } from '../../src/plan/index.ts';
import type { HostContext } from '../../src/steps/index.ts';
import { create, drive, graphOf, hostKind, hostRule, node, RUN_ID, temporaryJournal } from './support.ts';

const HOSTS = Array.from({ length: 12 }, (_, index) => `h${String(index).padStart(2, '0')}`);
const STEPS = ['one/a', 'one/b', 'one/c'];

const chainOf = (rule: Partial<HostRule>, rest: Partial<PlanNode> = {}): PlanNode[] =>
  STEPS.map((path, index) =>
    node(path, {
      uses: 'test.hosts',
      needs: index === 0 ? [] : [STEPS[index - 1] ?? ''],
      hosts: hostRule(HOSTS, { strategy: 'hostFirst', ...rule }),
      idempotency: 'manual',
      ...rest,
    }),
  );

/** What happened on hosts, in order: `h00 one/a`. */
function recording(journal: Journal<EventBody>, nodes: readonly PlanNode[], act: (context: HostContext, nth: number) => Promise<unknown> = () => delay(2)) {
  const began: string[] = [];
  const ended: string[] = [];
  let [most, inside] = [0, new Set<string>()];
  const kind = hostKind(async (context) => {
    const word = `${context.host.name} ${context.path}`;
    began.push(word);
    inside.add(context.host.name);
    most = Math.max(most, inside.size);
    try {
      await act(context, began.filter((each) => each === word).length);
    } catch (cause) {
      inside.delete(context.host.name);
      throw cause;
    }
    ended.push(word);
    if (context.path === STEPS.at(-1)) inside.delete(context.host.name);
  });
  const setting = { journal, kinds: [kind], graph: graphOf(nodes, { rollback: { on: [], budgetMs: 1_000, git: 'none' } }) };
  return { began, ended, setting, most: () => most };
}
const stateAt = async (journal: Journal<EventBody>, path: string) => stateOf(await journal.read(RUN_ID)).tasks.get(path)?.state;
const broken = (): never => {
  throw new SlipwayError('SSH_EXIT', 'exit code 1');
};

test('a host goes through all steps before others begin, and few are half-way at any moment', async () => {
  await using place = temporaryJournal();
  const { began, ended, setting, most } = recording(place.journal, chainOf({ throttle: 2 }));
  await create(setting);
  assert.equal((await drive(setting)).state, 'succeeded');
  assert.deepEqual(began.toSorted(), HOSTS.flatMap((host) => STEPS.map((path) => `${host} ${path}`)).toSorted(), 'everything ran once');
  for (const host of HOSTS)
    assert.deepEqual(
      ended.filter((word) => word.startsWith(host)),
      STEPS.map((path) => `${host} ${path}`),
    );
  assert.ok(most() <= 2, `${most()} hosts were half-way`);
  assert.ok(began.indexOf('h00 one/c') < began.indexOf('h02 one/a'), began.join(', '));
});

test('linear has all hosts through a step before the next one begins', async () => {
  await using place = temporaryJournal();
  const { began, setting } = recording(place.journal, chainOf({ throttle: 2, strategy: 'linear' }));
  await create(setting);
  await drive(setting);
  assert.ok(began.indexOf('h11 one/a') < began.findIndex((word) => word.endsWith('one/b')));
});

test('a batch goes through all steps before the next batch begins', async () => {
  await using place = temporaryJournal();
  const { began, setting } = recording(place.journal, chainOf({ serial: [1, 4, 7] }));
  await create(setting);
  assert.equal((await drive(setting)).state, 'succeeded');
  const batches = [HOSTS.slice(0, 1), HOSTS.slice(1, 5), HOSTS.slice(5)];
  assert.deepEqual(
    batches.map((batch) => [...new Set(began.flatMap((word, index) => (batch.includes(word.slice(0, 3)) ? [Math.floor(index / 3)] : [])))].length),
    [1, 4, 7],
    began.join(', '),
  );
});

test('a canary that fails a later step ends the chain for all', async () => {
  await using place = temporaryJournal();
  const { journal } = place;
  const { began, setting } = recording(journal, chainOf({ serial: [1, 11] }), async ({ path }) => void (path === 'one/b' && broken()));
  await create(setting);
  assert.equal((await drive(setting)).state, 'failed');
  assert.deepEqual(began, ['h00 one/a', 'h00 one/b']);
  assert.equal(await stateAt(journal, 'one/b'), 'failed');
});

test('a host that failed a step does not begin the next one, and one that is tolerated is not run there either', async () => {
  await using place = temporaryJournal();
  const { journal } = place;
  const rule = { maxErrors: 2, throttle: 3 };
  const { began, setting } = recording(journal, chainOf(rule), async ({ host, path }) => void (host.name === 'h04' && path === 'one/a' && broken()));
  await create(setting);
  assert.equal((await drive(setting)).state, 'succeeded');
  assert.deepEqual(
    began.filter((word) => word.startsWith('h04')),
    ['h04 one/a'],
  );
  assert.equal(began.length, 34);
});

test('a chain that is killed goes on where each host stood', async () => {
  for (const killAt of [3, 9, 17, 26]) {
    await using place = temporaryJournal();
    const { journal } = place;
    const stop = new AbortController();
    let count = 0;
    const { began, setting } = recording(journal, chainOf({ throttle: 3 }, { idempotency: 'safe' }), async ({ signal }) => {
      if (++count === killAt) stop.abort(new Error('killed'));
      signal.throwIfAborted();
      await delay(2);
    });
    await create(setting);
    await drive({ ...setting, signal: stop.signal });
    assert.equal((await drive(setting)).state, 'succeeded');
    const events = (await journal.read(RUN_ID)).map(({ body }) => body);
    for (const path of STEPS)
      for (const host of HOSTS) {
        const good = events.filter((body) => body.type === 'hostFinished' && body.path === path && body.host === host);
        assert.equal(good.length, 1, `${host} ${path} has ${good.length} results`);
      }
    const order = (word: string): number => began.lastIndexOf(word);
    for (const host of HOSTS) assert.ok(order(`${host} one/a`) < order(`${host} one/b`) && order(`${host} one/b`) < order(`${host} one/c`), host);
  }
});

test('a host in doubt in the middle is a person’s, and the chain goes on from there', async () => {
  await using place = temporaryJournal();
  const { journal } = place;
  const { began, setting } = recording(journal, chainOf({ throttle: 3 }), async ({ host, path }, nth) => {
    if (host.name === 'h01' && path === 'one/b' && nth === 1) throw new SlipwayError('SSH_LOST', 'gone', { retry: 'pauseForHuman' });
  });
  await create(setting);
  assert.equal((await drive(setting)).state, 'attention');
  assert.ok(!began.includes('h01 one/c'));
  const resolve = { type: 'taskResolved', id: 'r1', path: 'one/b', by: 'user:ada', as: 'done', hosts: ['h01'] } as const;
  await journal.post(RUN_ID, resolve, 'r1');
  assert.equal((await drive(setting)).state, 'succeeded');
  assert.equal(new Set(began).size, began.length, 'nothing ran twice');
  assert.equal(began.length, 36);
});

test('a retry of a step in the middle begins its bad hosts anew', async () => {
  await using place = temporaryJournal();
  const retry = { attempts: 3, initialMs: 1, factor: 1, maxMs: 1, jitter: 'none', except: [], on: ['SSH_EXIT'] } as const;
  const { began, setting } = recording(place.journal, chainOf({ throttle: 4 }, { retry }), async ({ host, path }, nth) => {
    if (host.name === 'h03' && path === 'one/b' && nth < 3) broken();
    await delay(1);
  });
  await create(setting);
  assert.equal((await drive(setting)).state, 'succeeded');
  assert.deepEqual(
    began.filter((word) => word.startsWith('h03')),
    ['h03 one/a', 'h03 one/b', 'h03 one/b', 'h03 one/b', 'h03 one/c'],
  );
  assert.equal(began.length, 38);
});

test('steps are a chain only where a host can know all it needs', () => {
  const chains = (change: (nodes: PlanNode[]) => PlanNode[]): readonly string[] => [...indexOf(graphOf(change(chainOf({})))).chains.before.keys()];
  const with_ = (path: string, rest: Partial<PlanNode>) => (nodes: PlanNode[]) => nodes.map((each) => (each.path === path ? { ...each, ...rest } : each));
  assert.deepEqual(
    chains((nodes) => nodes),
    ['one/b', 'one/c'],
  );
  assert.deepEqual(
    chains(with_('one/b', { with: { cmd: 'x', env: { A: '${{ steps.a.outputs.recap }}' } } })),
    ['one/c'],
    'it takes a value of an earlier step',
  );
  assert.deepEqual(chains(with_('one/b', { with: { cmd: 'x', env: { A: '${{ inputs.steps }}' } } })).length, 1, 'what might be one counts as one');
  assert.deepEqual(chains(with_('one/b', { if: '${{ inputs.x }}' })), ['one/c']);
  assert.deepEqual(chains(with_('one/b', { foreach: ['1'] })), []);
  assert.deepEqual(chains(with_('one/b', { hosts: hostRule(HOSTS) })), [], 'another strategy');
  assert.deepEqual(chains(with_('one/b', { hosts: hostRule(HOSTS.slice(1), { strategy: 'hostFirst' }) })), [], 'other hosts');
  assert.deepEqual(chains(with_('one/a', { pointOfNoReturn: true })), ['one/c']);
  assert.deepEqual(chains(with_('one/a', { onFailure: 'pause' })), ['one/c']);
  assert.deepEqual(
    chains((nodes) => [...with_('one/b', { needs: ['one/a', 'one/x'] })(nodes), node('one/x')]),
    ['one/c'],
    'it needs something else too',
  );
  assert.deepEqual(
    chains((nodes) => [...nodes, node('one/a/finally/0', { role: 'finally', owner: 'one/a' })]),
    ['one/c'],
    'something runs in between',
  );
});
