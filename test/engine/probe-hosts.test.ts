import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import { SlipwayError } from '../../src/core/index.ts';
import { type EventBody, stateOf } from '../../src/engine/index.ts';
import type { Journal } from '../../src/journal/index.ts';
import { type AnyKind, defineStep, type HostContext, type HostOutcome, type HostProbe } from '../../src/steps/index.ts';
import { create, drive, graphOf, hostRule, node, RUN_ID, temporaryJournal } from './support.ts';

type Effect = (context: HostContext) => Promise<HostOutcome>;

/** A kind that can look; `answers` says what a look at each host finds. */
function lookingKind(answers: { readonly [host: string]: HostProbe | SlipwayError }, effect: Effect, looked: string[] = []): AnyKind {
  return defineStep({
    uses: 'test.hosts',
    summary: 'a step of a test on hosts',
    with: z.looseObject({}),
    outputs: z.looseObject({}),
    example: {},
    mutates: true,
    describe: () => 'work on hosts',
    target: 'hosts',
    idempotency: 'probe',
    executeHost: (_input, context) => effect(context),
    probeHost: async (_input, { host }) => {
      looked.push(host.name);
      const answer = answers[host.name] ?? { verdict: 'unknown', reason: 'nobody knows' };
      if (answer instanceof SlipwayError) throw answer;
      return answer;
    },
  });
}
const DONE: HostProbe = { verdict: 'done', outcome: { status: 'changed', outputs: { seen: true }, summary: 'found as wanted' } };
const NOT_DONE: HostProbe = { verdict: 'notDone' };

/** A journal as a process leaves it that died with h1 finished, h2 and h3 under way, and h4 never reached. */
async function crashed(journal: Journal<EventBody>): Promise<void> {
  const graph = graphOf([node('one/a', { uses: 'test.hosts', idempotency: 'probe', hosts: hostRule(['h1', 'h2', 'h3', 'h4']) })]);
  await create({ journal, graph, kinds: [] });
  const lease = await journal.acquire(RUN_ID, 'test:dead', 60_000);
  assert.ok('token' in lease);
  const at = { path: 'one/a', attempt: 1 };
  await journal.append(
    RUN_ID,
    [
      { type: 'runStarted' },
      { type: 'phaseStarted', phase: 'one' },
      { type: 'stepStarted', ...at, key: `${RUN_ID}:one/a`, with: {} },
      ...(['h1', 'h2', 'h3'] as const).map((host) => ({ type: 'hostStarted', ...at, host }) as const),
      { type: 'hostFinished', ...at, host: 'h1', result: { state: 'changed', outputs: { first: true }, durationMs: 1 } },
    ],
    lease,
  );
  await journal.release(lease);
}
const worked = (ran: string[]): Effect => {
  return async ({ host }) => {
    ran.push(host.name);
    return { status: 'changed', outputs: { ran: true } };
  };
};

test('hosts in doubt are looked at: what was done is kept, what was not runs once, the rest goes on', async () => {
  await using place = temporaryJournal();
  await crashed(place.journal);
  const ran: string[] = [];
  const looked: string[] = [];
  const kind = lookingKind({ h2: DONE, h3: NOT_DONE }, worked(ran), looked);
  const { state } = await drive({ journal: place.journal, graph: graphOf([]), kinds: [kind] });
  assert.equal(state, 'succeeded');
  assert.deepEqual(
    [looked.toSorted((a, b) => a.localeCompare(b)), ran.toSorted((a, b) => a.localeCompare(b))],
    [
      ['h2', 'h3'],
      ['h3', 'h4'],
    ],
  );
  const events = await place.journal.read(RUN_ID);
  const task = stateOf(events).tasks.get('one/a');
  assert.deepEqual(task?.outputs['hosts'], { h1: { first: true }, h2: { seen: true }, h3: { ran: true }, h4: { ran: true } });
  const probed = events.flatMap(({ body }) => (body.type === 'hostProbed' ? [`${body.host} ${body.verdict}`] : []));
  assert.deepEqual(
    probed.toSorted((a, b) => a.localeCompare(b)),
    ['h2 done', 'h3 notDone'],
  );
  assert.equal((await place.journal.verify(RUN_ID)).ok, true);
});

test('one host that cannot tell brings a person in; the others keep their verdicts', async () => {
  await using place = temporaryJournal();
  await crashed(place.journal);
  const ran: string[] = [];
  const kind = lookingKind({ h2: DONE, h3: new SlipwayError('SSH_UNREACHABLE', 'cannot reach h3') }, worked(ran));
  assert.equal((await drive({ journal: place.journal, graph: graphOf([]), kinds: [kind] })).state, 'attention');
  const data = stateOf(await place.journal.read(RUN_ID));
  assert.deepEqual(ran, []);
  assert.equal(data.tasks.get('one/a')?.hosts['h3'], 'inDoubt');
  assert.match(data.attention.get('one/a') ?? '', /h3: cannot reach h3/);
  await place.journal.post(RUN_ID, { type: 'taskResolved', id: 'r1', path: 'one/a', by: 'user:ada', as: 'retry' }, 'r1');
  assert.equal((await drive({ journal: place.journal, graph: graphOf([]), kinds: [kind] })).state, 'succeeded');
  assert.deepEqual(new Set<string>(ran), new Set(['h3', 'h4']));
});

test('a crash between two verdicts looks only at what is still in doubt', async () => {
  await using place = temporaryJournal();
  await crashed(place.journal);
  const looked: string[] = [];
  const ran: string[] = [];
  let isLeft = true;
  const dying: Journal<EventBody> = {
    ...place.journal,
    append: async (...args) => {
      const written = await place.journal.append(...args);
      if (isLeft && args[1].some((body) => body.type === 'hostProbed')) {
        isLeft = false;
        throw new SlipwayError('JOURNAL_IO', 'the process dies here');
      }
      return written;
    },
    [Symbol.asyncDispose]: async () => undefined,
  };
  const kind = lookingKind({ h2: DONE, h3: DONE }, worked(ran), looked);
  await assert.rejects(drive({ journal: dying, graph: graphOf([]), kinds: [kind] }), { code: 'JOURNAL_IO' });
  const settled = Object.values(stateOf(await place.journal.read(RUN_ID)).tasks.get('one/a')?.hosts ?? {}).filter((each) => each !== 'inDoubt').length;
  const before = looked.length;
  assert.equal((await drive({ journal: place.journal, graph: graphOf([]), kinds: [kind] })).state, 'succeeded');
  assert.equal(looked.length - before, 3 - settled);
  assert.deepEqual(ran, ['h4']);
});

for (const [found, state, code] of [
  [DONE, 'succeeded', undefined],
  [NOT_DONE, 'failed', 'SSH_NOT_DONE'],
  [{ verdict: 'unknown', reason: 'no marker' }, 'attention', 'SSH_LOST'],
] as const) {
  test(`a connection that breaks in the middle: the look says ${found.verdict}`, async () => {
    await using place = temporaryJournal();
    const kind = lookingKind({ h1: found }, () => Promise.reject(new SlipwayError('SSH_LOST', 'lost h1', { retry: 'pauseForHuman' })));
    const graph = graphOf([node('one/a', { uses: 'test.hosts', idempotency: 'probe', hosts: hostRule(['h1']) })], {
      rollback: { on: [], budgetMs: 1_000, git: 'none' },
    });
    await create({ journal: place.journal, graph, kinds: [] });
    assert.equal((await drive({ journal: place.journal, graph, kinds: [kind] })).state, state);
    const data = stateOf(await place.journal.read(RUN_ID));
    assert.equal(data.tasks.get('one/a')?.error?.code, code);
  });
}

test('facts of hosts are what conditions read', async () => {
  await using place = temporaryJournal();
  const ran: string[] = [];
  const facts: AnyKind = {
    ...lookingKind({}, async ({ host }) => ({ status: 'ok', outputs: { osFamily: host.name === 'old-1' ? 'redhat' : 'debian' } })),
    uses: 'test.facts',
    describesHosts: true,
  } as AnyKind; // a kind of a test
  const graph = graphOf([
    node('one/facts', { uses: 'test.facts', hosts: hostRule(['old-1', 'new']) }),
    node('one/yes', { uses: 'test.hosts', needs: ['one/facts'], if: '${{ facts["old-1"].osFamily == "redhat" }}', hosts: hostRule(['h1']) }),
    node('one/no', {
      uses: 'test.hosts',
      needs: ['one/facts'],
      if: '${{ facts.new.osFamily == "redhat" || facts.none.osFamily == "x" }}',
      hosts: hostRule(['h2']),
    }),
  ]);
  await create({ journal: place.journal, graph, kinds: [] });
  assert.equal((await drive({ journal: place.journal, graph, kinds: [facts, lookingKind({}, worked(ran))] })).state, 'succeeded');
  assert.deepEqual(ran, ['h1']);
});
