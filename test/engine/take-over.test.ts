import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { SlipwayError } from '../../src/core/index.ts';
import { type EventBody, type RunData, runStateOf, stateOf, takeOver } from '../../src/engine/index.ts';
import type { Journal } from '../../src/journal/index.ts';
import type { HostRule, PlanNode } from '../../src/plan/index.ts';
import type { HostContext } from '../../src/steps/index.ts';
import { drive, graphOf, hostKind, hostRule, kindsWith, node, RUN_ID, create, temporaryJournal, workKind } from './support.ts';

const SECOND = 'run-20261123-0000000001';
const HOSTS = ['h1', 'h2', 'h3', 'h4', 'h5', 'h6'];

interface World {
  readonly journal: Journal<EventBody>;
  readonly nodes: readonly PlanNode[];
  readonly onHost?: (context: HostContext) => Promise<unknown>;
  readonly work?: (path: string) => void;
}

function worldOf({ journal, nodes, onHost = () => Promise.resolve(), work = () => undefined }: World) {
  const done: string[] = [];
  const kinds = [
    workKind(done, async ({ path }) => {
      work(path);
      return { from: path };
    }),
    hostKind(async (context) => {
      done.push(`${context.path}@${context.host.name}`);
      await onHost(context);
    }),
  ];
  const graph = graphOf(nodes, { rollback: { on: [], budgetMs: 1_000, git: 'none' } });
  return { done, kinds, setting: { journal, kinds, graph } };
}

/** Start a run that goes on with the first one, as the use case does. */
async function goOn(world: ReturnType<typeof worldOf>, choose: Parameters<typeof takeOver>[1] = () => undefined): Promise<RunData> {
  const { journal, kinds, graph } = world.setting;
  const taken = takeOver(stateOf(await journal.read(RUN_ID)), choose, kindsWith(...kinds));
  const [first] = await journal.read(RUN_ID);
  assert.ok(first?.body.type === 'runCreated');
  // What is recorded is JSON, and nothing else.
  const retryOf = JSON.parse(JSON.stringify({ runId: RUN_ID, ...taken })) as never;
  await journal.create({ id: SECOND, runbook: 'test', planDigest: 'sha256:test', createdAt: 2, rehearsal: false, labels: {} }, { ...first.body, retryOf });
  await drive({ journal, kinds, graph, runId: SECOND });
  return stateOf(await journal.read(SECOND));
}

const hosts = (path: string, rule: Partial<HostRule> = {}, rest: Partial<PlanNode> = {}): PlanNode =>
  node(path, { uses: 'test.hosts', hosts: hostRule(HOSTS, rule), idempotency: 'manual', ...rest });

test('a run that goes on with a failed one does only what is left', async () => {
  await using place = temporaryJournal();
  let isBroken = true;
  const nodes = [node('one/a'), node('two/b'), node('two/c', { needs: ['two/b'] }), node('two/end', { role: 'finally', owner: 'two' }), node('three/d')];
  const world = worldOf({
    journal: place.journal,
    nodes,
    work: (path) => {
      if (path === 'two/c' && isBroken) throw new SlipwayError('BROKEN', 'not yet');
    },
  });
  await create(world.setting);
  assert.equal((await drive(world.setting)).state, 'failed');
  isBroken = false;
  const data = await goOn(world);
  assert.equal(runStateOf(data), 'succeeded');
  assert.deepEqual(world.done, ['one/a', 'two/b', 'two/c', 'two/end', 'two/c', 'two/end', 'three/d']);
  assert.deepEqual(data.steps['a'], { outputs: { from: 'one/a' }, state: 'changed', attempt: 1 }, 'later steps see what the first run gave');
  assert.equal(data.tasks.get('two/c')?.attempt, 2);
});

test('no host is touched that has a good result; the others begin', async () => {
  await using place = temporaryJournal();
  let isBroken = true;
  const world = worldOf({
    journal: place.journal,
    nodes: [hosts('one/a', { serial: [3] }), hosts('one/b', {}, { needs: ['one/a'] })],
    onHost: async ({ host, path }) => {
      if (isBroken && path === 'one/a' && host.name === 'h2') throw new SlipwayError('SSH_EXIT', 'exit code 1');
    },
  });
  await create(world.setting);
  assert.equal((await drive(world.setting)).state, 'failed');
  isBroken = false;
  const data = await goOn(world);
  assert.equal(runStateOf(data), 'succeeded');
  assert.deepEqual(world.done.slice(3, 7), ['one/a@h2', 'one/a@h4', 'one/a@h5', 'one/a@h6']);
  assert.equal(world.done.length, 13);
  assert.deepEqual(Object.keys(data.steps['a']?.['outputs'] ?? {}), ['recap', 'hosts']);
});

test('with chosen hosts exactly those begin, and what is left is a person’s', async () => {
  await using place = temporaryJournal();
  const { journal } = place;
  let isBroken = true;
  const world = worldOf({
    journal,
    nodes: [hosts('one/a', { serial: [3] })],
    onHost: async ({ host }) => {
      if (isBroken && (host.name === 'h1' || host.name === 'h2')) throw new SlipwayError('SSH_EXIT', 'exit code 1');
    },
  });
  await create(world.setting);
  await drive(world.setting);
  isBroken = false;
  const data = await goOn(world, () => ['h2']);
  assert.deepEqual(world.done.slice(3), ['one/a@h2']);
  assert.equal(runStateOf(data), 'attention');
  assert.deepEqual(
    Object.entries(data.tasks.get('one/a')?.hosts ?? {})
      .map(([host, result]) => `${host} ${result === 'inDoubt' ? result : result.state}`)
      .toSorted(),
    ['h1 failed', 'h2 changed', 'h3 changed'],
  );
  const settle = { type: 'taskResolved', id: 'r1', path: 'one/a', by: 'user:ada', as: 'retry' } as const;
  await journal.post(SECOND, { ...settle, hosts: ['h1'] }, 'r1');
  await drive({ ...world.setting, runId: SECOND });
  assert.deepEqual(world.done.slice(4), ['one/a@h1']);
  assert.match(stateOf(await journal.read(SECOND)).attention.get('one/a') ?? '', /3 of 6 hosts are left: h4, h5, h6/);
  await journal.post(SECOND, { ...settle, id: 'r2', hosts: ['h4', 'h5', 'h6'] }, 'r2');
  assert.equal((await drive({ ...world.setting, runId: SECOND })).state, 'succeeded');
  assert.equal(world.done.length, 8);
});

test('a host in doubt stays in doubt until a person names it', async () => {
  for (const [idempotency, state, begun] of [
    ['manual', 'attention', 0],
    ['safe', 'succeeded', 1],
  ] as const) {
    await using place = temporaryJournal();
    const stop = new AbortController();
    const results = async () => Object.values(stateOf(await place.journal.read(RUN_ID)).tasks.get('one/a')?.hosts ?? {}).filter((one) => one !== 'inDoubt');
    const othersOnRecord = async (): Promise<void> => {
      for (let tries = 0; (await results()).length < HOSTS.length - 1 && tries < 1_000; tries++) await delay(10);
    };
    const world = worldOf({
      journal: place.journal,
      nodes: [hosts('one/a', {}, { idempotency })],
      onHost: ({ host, signal }) => {
        if (host.name !== 'h3' || stop.signal.aborted) return Promise.resolve();
        void othersOnRecord().then(() => stop.abort(new Error('killed')));
        return new Promise((_done, failed) => signal.addEventListener('abort', () => failed(signal.reason as Error)));
      },
    });
    await create(world.setting);
    await drive({ ...world.setting, signal: stop.signal });
    await place.journal.post(RUN_ID, { type: 'cancelRequested', id: 'c', by: 'user:ada' }, 'c');
    assert.equal((await drive(world.setting)).state, 'cancelled');
    const before = world.done.length;
    assert.equal(runStateOf(await goOn(world)), state, idempotency);
    assert.equal(world.done.length - before, begun);
  }
});

test('a step whose rescue did its work is done; one whose rescue failed is begun again with it', async () => {
  await using place = temporaryJournal();
  const world = worldOf({
    journal: place.journal,
    nodes: [
      node('one/a'),
      node('one/a/rescue/0', { role: 'rescue', owner: 'one/a' }),
      node('one/b', { needs: ['one/a'] }),
      node('one/b/rescue/0', { role: 'rescue', owner: 'one/b' }),
    ],
    work: (path) => {
      if (path === 'one/a' || (path.startsWith('one/b') && world.done.filter((one) => one === path).length === 1)) throw new SlipwayError('BROKEN', 'no');
    },
  });
  await create(world.setting);
  assert.equal((await drive(world.setting)).state, 'failed');
  assert.equal(runStateOf(await goOn(world)), 'succeeded');
  assert.deepEqual(world.done, ['one/a', 'one/a/rescue/0', 'one/b', 'one/b/rescue/0', 'one/b']);
});

test('items of foreach that are done are not done again', async () => {
  await using place = temporaryJournal();
  let isBroken = true;
  const world = worldOf({
    journal: place.journal,
    nodes: [node('one/a', { foreach: ['x', 'y', 'z'], failFast: false }), node('one/b', { needs: ['one/a'] })],
    work: (path) => {
      if (path === 'one/a[1]' && isBroken) throw new SlipwayError('BROKEN', 'no');
    },
  });
  await create(world.setting);
  await drive(world.setting);
  isBroken = false;
  assert.equal(runStateOf(await goOn(world)), 'succeeded');
  assert.deepEqual(world.done, ['one/a[0]', 'one/a[1]', 'one/a[2]', 'one/a[1]', 'one/b']);
});

test('what the first run did is undone with the second, and past its point of no return neither is', async () => {
  await using place = temporaryJournal();
  const { journal } = place;
  const nodes = (noReturn: boolean): PlanNode[] => [
    node('one/a', { pointOfNoReturn: noReturn }),
    node('one/a/compensate/0', { role: 'compensate', owner: 'one/a', order: 'normal' }),
    node('one/b', { needs: ['one/a'] }),
    node('one/b/compensate/0', { role: 'compensate', owner: 'one/b', order: 'normal' }),
  ];
  const world = worldOf({
    journal,
    nodes: nodes(false),
    work: (path) => {
      if (path === 'one/b') throw new SlipwayError('BROKEN', 'no');
    },
  });
  await create(world.setting);
  await drive(world.setting);
  const taken = takeOver(stateOf(await journal.read(RUN_ID)), () => undefined, kindsWith(...world.kinds));
  const [first] = await journal.read(RUN_ID);
  assert.ok(first?.body.type === 'runCreated');
  await journal.create(
    { id: SECOND, runbook: 'test', planDigest: 'sha256:test', createdAt: 2, rehearsal: false, labels: {} },
    { ...first.body, retryOf: { runId: RUN_ID, ...taken } },
  );
  await journal.post(SECOND, { type: 'rollbackRequested', id: 'u', trigger: 'manual', by: 'user:ada', reason: 'no' }, 'u');
  assert.equal((await drive({ ...world.setting, runId: SECOND })).state, 'rolledBack');
  assert.deepEqual(world.done, ['one/a', 'one/b', 'one/b/compensate/0', 'one/a/compensate/0']);

  await using other = temporaryJournal();
  const passed = worldOf({
    journal: other.journal,
    nodes: nodes(true),
    work: (path) => {
      if (path === 'one/b') throw new SlipwayError('BROKEN', 'no');
    },
  });
  await create(passed.setting);
  await drive(passed.setting);
  assert.equal((await goOn(passed)).pastNoReturn, true);
});
