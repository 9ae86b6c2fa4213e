import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { SlipwayError, systemClock } from '../../src/core/index.ts';
import { type EventBody, stateOf } from '../../src/engine/index.ts';
import type { Journal } from '../../src/journal/index.ts';
import type { HostRule } from '../../src/plan/index.ts';
import { create, drive, graphOf, hostKind, hostRule, node, RUN_ID, temporaryJournal } from './support.ts';

type Kind = ReturnType<typeof hostKind>;
const HOSTS = ['h1', 'h2', 'h3', 'h4', 'h5', 'h6'];
const lost = (): never => {
  throw new SlipwayError('SSH_LOST', 'the connection ended', { retry: 'pauseForHuman' });
};
const broken = (): never => {
  throw new SlipwayError('SSH_EXIT', 'exit code 1');
};
const setting = (journal: Journal<EventBody>, kind: Kind, rule: Partial<HostRule>, rest: Parameters<typeof node>[1] = {}) => ({
  journal,
  kinds: [kind],
  graph: graphOf([node('one/a', { uses: 'test.hosts', hosts: hostRule(HOSTS, rule), ...rest })], { rollback: { on: [], budgetMs: 1_000, git: 'none' } }),
});
const ledger = async (journal: Journal<EventBody>, path = 'one/a') =>
  Object.fromEntries(
    Object.entries(stateOf(await journal.read(RUN_ID)).tasks.get(path)?.hosts ?? {}).map(([host, result]) => [
      host,
      result === 'inDoubt' ? '?' : result.state + (result.inDoubt ? '?' : ''),
    ]),
  );
const settle = (journal: Journal<EventBody>, body: Partial<Extract<EventBody, { type: 'taskResolved' }>>) =>
  journal.post(RUN_ID, { type: 'taskResolved', id: `r${Math.random()}`, path: 'one/a', by: 'user:ada', as: 'retry', ...body }, `p${Math.random()}`);

test('a command whose connection broke is begun again where it may be, with an intent of its own', async () => {
  await using place = temporaryJournal();
  const { journal } = place;
  let tries = 0;
  const kind = hostKind(async ({ host }) => void (host.name === 'h2' && ++tries < 3 && lost()));
  const given = setting(journal, kind, {}, { idempotency: 'safe' });
  await create(given);
  assert.equal((await drive(given)).state, 'succeeded');
  const intents = (await journal.read(RUN_ID)).filter(({ body }) => body.type === 'hostStarted' && body.host === 'h2');
  assert.deepEqual([tries, intents.length], [3, 3]);
});

test('one that breaks every time fails, and says that nobody knows', async () => {
  await using place = temporaryJournal();
  let tries = 0;
  const given = setting(
    place.journal,
    hostKind(async ({ host }) => void (host.name === 'h2' && ++tries && lost())),
    {},
    { idempotency: 'keyed' },
  );
  await create(given);
  assert.equal((await drive(given)).state, 'failed');
  assert.deepEqual([tries, (await ledger(place.journal))['h2']], [3, 'failed?']);
});

test('one that must not be repeated is begun once, and a person settles that host alone', async () => {
  await using place = temporaryJournal();
  const { journal } = place;
  const begun: string[] = [];
  const kind = hostKind(async ({ host }) => {
    begun.push(host.name);
    if (host.name === 'h2' && begun.filter((name) => name === 'h2').length === 1) lost();
  });
  const given = setting(
    journal,
    kind,
    { serial: [3] },
    { idempotency: 'manual', retry: { attempts: 5, initialMs: 1, factor: 1, maxMs: 1, jitter: 'none', except: [] } },
  );
  await create(given);
  assert.equal((await drive(given)).state, 'attention');
  assert.deepEqual(await ledger(journal), { h1: 'changed', h2: 'failed?', h3: 'changed' });
  assert.deepEqual(begun.toSorted(), ['h1', 'h2', 'h3']);

  await settle(journal, { as: 'done', hosts: ['h2'] });
  assert.equal((await drive(given)).state, 'succeeded');
  assert.deepEqual(begun.toSorted(), HOSTS, 'h2 was taken as done and the next batch went on');
  assert.equal((await ledger(journal))['h2'], 'ok');
});

test('a person may have only some hosts tried again; the others stay as they are', async () => {
  await using place = temporaryJournal();
  const { journal } = place;
  const begun: string[] = [];
  const kind = hostKind(async ({ host }) => {
    begun.push(host.name);
    if (begun.length <= 6 && ['h1', 'h4'].includes(host.name)) broken();
  });
  const given = setting(journal, kind, {}, { idempotency: 'manual', onFailure: 'pause' });
  await create(given);
  assert.equal((await drive(given)).state, 'attention');
  await settle(journal, { hosts: ['h4'] });
  assert.equal((await drive(given)).state, 'attention');
  assert.deepEqual(begun.slice(6), ['h4']);
  assert.deepEqual(Object.values(await ledger(journal)), ['failed', 'changed', 'changed', 'changed', 'changed', 'changed']);
  await settle(journal, { as: 'failed', hosts: ['h1'] });
  assert.equal((await drive(given)).state, 'attention', 'a host taken as failed is still one too many');
  await settle(journal, {});
  assert.equal((await drive(given)).state, 'succeeded');
  assert.deepEqual(begun.slice(6), ['h4', 'h1']);
});

test('after a crash only hosts that were never reached begin; what failed stays failed, what is in doubt is a person’s', async () => {
  await using place = temporaryJournal();
  const { journal } = place;
  const begun: string[] = [];
  const stop = new AbortController();
  const kind = hostKind(async ({ host }) => {
    begun.push(host.name);
    if (host.name === 'h1') broken();
    if (host.name === 'h3') await delay(60).then(() => stop.abort());
    if (host.name === 'h3' || (host.name === 'h4' && begun.length <= 4)) await delay(10_000, undefined, { signal: stop.signal });
  });
  const given = setting(journal, kind, { maxErrors: 6, throttle: 4 }, { idempotency: 'manual' });
  await create(given);
  await drive({ ...given, signal: stop.signal });
  assert.deepEqual(await ledger(journal), { h1: 'failed', h2: 'changed', h3: '?', h4: '?', h5: 'changed', h6: 'changed' });
  assert.equal((await drive(given)).state, 'attention');
  await settle(journal, { as: 'retry', hosts: ['h4'] });
  assert.equal((await drive(given)).state, 'attention');
  assert.deepEqual(await ledger(journal), { h1: 'failed', h2: 'changed', h3: 'failed?', h4: 'changed', h5: 'changed', h6: 'changed' });
  await settle(journal, { as: 'done', hosts: ['h3'] });
  assert.equal((await drive(given)).state, 'succeeded');
  for (const host of HOSTS) assert.equal(begun.filter((name) => name === host).length, host === 'h4' ? 2 : 1, host);
});

test('a retry begins bad hosts anew, but not one in doubt that must not be repeated', async () => {
  await using place = temporaryJournal();
  const { journal } = place;
  const begun: string[] = [];
  const kind = hostKind(async ({ host }) => {
    begun.push(host.name);
    if (host.name === 'h5') lost();
    if (host.name === 'h1' && begun.filter((name) => name === 'h1').length === 1) broken();
  });
  const retry = { attempts: 2, initialMs: 1, factor: 1, maxMs: 1, jitter: 'none', except: [], on: ['HOSTS_FAILED'] } as const;
  const given = setting(journal, kind, {}, { idempotency: 'manual', retry });
  await create(given);
  await drive(given);
  assert.deepEqual(begun.slice(6), ['h1']);
  assert.equal((await ledger(journal))['h5'], 'failed?');
});

test('a run that is handed over begins no further host, and the next driver begins those alone', async () => {
  await using place = temporaryJournal();
  const { journal } = place;
  const drain = new AbortController();
  const begun: string[] = [];
  const kind = hostKind(async ({ host }) => {
    begun.push(host.name);
    await delay(20);
    if (host.name === 'h2') drain.abort();
    await delay(20);
  });
  const given = setting(journal, kind, { throttle: 2 }, { idempotency: 'manual' });
  await create(given);
  assert.equal((await drive({ ...given, drain: drain.signal })).state, 'running');
  assert.deepEqual(await ledger(journal), { h1: 'changed', h2: 'changed' });
  assert.equal((await drive(given)).state, 'succeeded');
  assert.deepEqual(begun, HOSTS);
});

test('results of hosts share transactions, and an intent is there before its effect', async () => {
  const writes: string[] = [];
  await using place = temporaryJournal({ onBoundary: (name) => void (name.startsWith('after append') && writes.push(name)) });
  const { journal } = place;
  const many = Array.from({ length: 200 }, (_, index) => `m${index}`);
  let known = 0;
  const kind = hostKind(async ({ host }) => {
    const events = await journal.read(RUN_ID, known);
    if (events.some(({ body }) => body.type === 'hostStarted' && body.host === host.name)) known += 0;
    else assert.fail(`${host.name} began before its intent was there`);
    await systemClock.sleep(1);
  });
  const graph = graphOf([node('one/a', { uses: 'test.hosts', hosts: hostRule(many), idempotency: 'manual' })]);
  const given = { journal, kinds: [kind], graph };
  await create(given);
  assert.equal((await drive(given)).state, 'succeeded');
  const events = await journal.read(RUN_ID);
  assert.equal(events.filter(({ body }) => body.type === 'hostFinished').length, 200);
  assert.ok(writes.length < 150, `${writes.length} transactions for 400 events of hosts`);
});
