import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { type FireHands, firesHandler, runIdOfFire } from '../../../src/app/operate/schedule-fire.ts';
import { LastFire, SCHEDULES, ScheduleRecord } from '../../../src/app/operate/schedule-book.ts';
import { tickSchedules } from '../../../src/app/operate/schedule-tick.ts';
import { schedulesOf } from '../../../src/app/operate/scheduled.ts';
import { workOnce } from '../../../src/app/operate/work.ts';
import { SlipwayError } from '../../../src/core/index.ts';
import { type Endings, headOf, openTable, recordedRuns, type Table } from './schedule-table.ts';

const MINUTE = 60_000;
const NIGHTLY = { cron: '0 3 * * *', timeZone: 'Europe/Berlin' };
const HOURLY = { cron: '0 * * * *' };

async function lastOf(at: Table, key = at.scheduled.key): Promise<LastFire | undefined> {
  const found = await at.store.documents.get(SCHEDULES, key);
  return found && ScheduleRecord.parse(found.value).last;
}
/** Tick, and carry out whatever is in the queue. */
async function go(at: Table, hands: Partial<FireHands> = {}): Promise<void> {
  await tickSchedules(at.operating, [at.head]);
  const handler = firesHandler(at.operating, { ...at.hands, ...hands });
  while (await workOnce(at.operating, handler));
}
const endings: Endings = { ok: 'succeeded' };

test('a fire starts one run, whose id follows from schedule and time; nothing of before the schedule was there is made up for', async () => {
  await using at = openTable(NIGHTLY, '2026-11-23T12:00Z');
  await go(at);
  assert.deepEqual(await recordedRuns(at), []);
  at.clock.advance(14 * 60 * MINUTE); // 03:00 in Berlin
  await go(at);
  const fireAt = Date.parse('2026-11-24T02:00Z');
  assert.deepEqual(await recordedRuns(at), [runIdOfFire({ key: at.scheduled.key, fireAt })]);
  assert.match(runIdOfFire({ key: at.scheduled.key, fireAt }), /^run-20261124-[0-9a-z]{10}$/);
  assert.deepEqual([(await lastOf(at))?.outcome, (await lastOf(at))?.fireAt], ['started', fireAt]);
  await go(at);
  assert.equal((await recordedRuns(at)).length, 1);
});

test('two schedulers at once start it once', async () => {
  await using at = openTable(HOURLY, '2026-11-23T11:59Z');
  await go(at);
  at.clock.advance(2 * MINUTE);
  await Promise.all([go(at), go(at), go(at)]);
  assert.equal((await recordedRuns(at)).length, 1);
});

test('after a time when nobody was there: the latest only, or every one up to a bound; what is left out is counted', async () => {
  for (const [catchUp, started, missed] of [
    [false, 1, 4],
    [true, 5, 0],
  ] as const) {
    await using at = openTable({ ...HOURLY, catchUp, overlap: 'queue' }, '2026-11-23T11:59Z');
    await go(at);
    at.clock.advance(5 * 60 * MINUTE);
    for (let round = 0; round < 8; round++) {
      await go(at);
      await at.endRuns(endings);
      at.clock.advance(3_000);
    }
    const record = ScheduleRecord.parse((await at.store.documents.get(SCHEDULES, at.scheduled.key))?.value);
    assert.deepEqual([(await recordedRuns(at)).length, record.missed], [started, missed], `catchUp ${catchUp}`);
  }
  await using far = openTable({ ...HOURLY, catchUp: true }, '2026-11-23T11:59Z');
  await go(far);
  far.clock.advance(10 * 86_400_000);
  await tickSchedules(far.operating, [far.head]);
  assert.equal((await far.store.queues.peek('fires')).length, 24);
});

test('overlap: skip leaves a fire out, queue waits for the run before, cancelRunning cancels it and takes its turn', async () => {
  for (const overlap of ['skip', 'queue', 'cancelRunning'] as const) {
    await using at = openTable({ ...HOURLY, overlap }, '2026-11-23T11:59Z');
    await go(at);
    at.clock.advance(2 * MINUTE);
    await go(at);
    const [first = ''] = await recordedRuns(at);
    at.clock.advance(60 * MINUTE);
    await go(at);
    assert.deepEqual(await recordedRuns(at), [first], overlap);
    const cancelled = (await at.journal.read(first)).some(({ body }) => body.type === 'cancelRequested');
    assert.equal(cancelled, overlap === 'cancelRunning');
    if (overlap === 'skip') assert.deepEqual([(await lastOf(at))?.outcome, (await lastOf(at))?.runId], ['skipped', first]);
    await at.endRuns({ ok: overlap === 'cancelRunning' ? 'cancelled' : 'succeeded' });
    at.clock.advance(3_000);
    await go(at);
    assert.equal((await recordedRuns(at)).length, overlap === 'skip' ? 1 : 2, overlap);
  }
});

test('what passes is tried again; what does not is refused, once, and people are told', async () => {
  await using at = openTable(HOURLY, '2026-11-23T11:59Z');
  await go(at);
  at.clock.advance(2 * MINUTE);
  const failures = [new SlipwayError('GIT_FAILED', 'no disk'), new Error('who knows')];
  const start: FireHands['start'] = async (...args) => {
    const failure = failures.shift();
    if (failure) throw failure;
    return at.hands.start(...args);
  };
  for (let round = 0; round < 4; round++) {
    await go(at, { start });
    at.clock.advance(10_000);
  }
  assert.equal((await recordedRuns(at)).length, 1);
  at.clock.advance(60 * MINUTE);
  await at.endRuns(endings);
  const denied = new SlipwayError('POLICY_DENIED', 'nobody runs what is forbidden', { exitCode: 5 });
  const told: string[] = [];
  const hands: Partial<FireHands> = { start: () => Promise.reject(denied), refused: async ({ runbook }, { code }) => void told.push(`${runbook} ${code}`) };
  await go(at, hands);
  await go(at, hands);
  assert.deepEqual(told, ['nightly POLICY_DENIED']);
  assert.deepEqual([(await lastOf(at))?.outcome, (await lastOf(at))?.reason], ['refused', 'nobody runs what is forbidden']);
});

test('a schedule that was taken away meanwhile fires no more; one that comes back begins anew', async () => {
  await using at = openTable(HOURLY, '2026-11-23T11:59Z');
  await go(at);
  at.clock.advance(2 * MINUTE);
  await tickSchedules(at.operating, [at.head]);
  await go({ ...at, head: headOf([]) }, { declared: async () => new Set() });
  assert.deepEqual([await recordedRuns(at), (await lastOf(at))?.outcome], [[], 'dropped']);
  at.clock.advance(5 * 60 * MINUTE);
  await go(at);
  assert.deepEqual(await recordedRuns(at), [], 'nothing of the time when it was not there');
  at.clock.advance(60 * MINUTE);
  await go(at);
  assert.equal((await recordedRuns(at)).length, 1);
});

test('a branch with mistakes stops its schedules and takes none away; what is declared twice is once; what changes is another', async () => {
  await using at = openTable({ ...HOURLY, catchUp: true, overlap: 'queue' }, '2026-11-23T11:59Z');
  await go(at);
  at.clock.advance(2 * 60 * MINUTE);
  const broken = { ...at.head, estate: { ok: false, problems: [] } } as const;
  await assert.rejects(tickSchedules(at.operating, [broken]), { code: 'REPOSITORY_INVALID' });
  await tickSchedules(at.operating, [at.head]);
  assert.equal((await at.store.queues.peek('fires')).length, 2);
  const keys = schedulesOf(headOf([HOURLY, HOURLY, { ...HOURLY, overlap: 'queue' }, { cron: '1 * * * *' }])).map(({ key }) => key);
  assert.equal(keys.length, 2);
  assert.equal(new Set(keys).size, 2);
});

test('a clock that goes back fires nothing twice', async () => {
  await using at = openTable(HOURLY, '2026-11-23T11:59Z');
  await go(at);
  at.clock.advance(2 * MINUTE);
  await go(at);
  await at.endRuns(endings);
  at.clock.advance(-5 * MINUTE);
  await go(at);
  at.clock.advance(6 * MINUTE);
  await go(at);
  assert.equal((await recordedRuns(at)).length, 1);
});

test('kill -9 before and after every write: each fire becomes one run, none is lost, none doubled', { timeout: 240_000 }, async () => {
  let kills = 0;
  // Every one at first, then a sample: the same writes come again for each fire.
  for (let boundary = 1; ; boundary += boundary < 8 ? 1 : 5) {
    await using at = openTable({ ...HOURLY, catchUp: true, overlap: 'queue' }, '2026-11-23T11:59Z');
    await tickSchedules(at.operating, [at.head]);
    const signal = await child(at.dir, boundary);
    if (signal === 'SIGKILL') kills += 1;
    else assert.equal(signal, 0);
    // Whoever comes next; claims of the dead have run out by its clock.
    at.clock.advance(2 * 60 * MINUTE + 2 * MINUTE);
    for (let round = 0; round < 6; round++) {
      await go(at);
      await at.endRuns(endings);
      at.clock.advance(40_000);
    }
    const expected = ['2026-11-23T12:00Z', '2026-11-23T13:00Z', '2026-11-23T14:00Z'].map((iso) =>
      runIdOfFire({ key: at.scheduled.key, fireAt: Date.parse(iso) }),
    );
    assert.deepEqual((await recordedRuns(at)).toSorted(), expected.toSorted(), `killed at boundary ${boundary}`);
    if (signal !== 'SIGKILL') break;
  }
  assert.ok(kills >= 9, String(kills));
});

async function child(dir: string, boundary: number): Promise<string | number | null> {
  const env = { ...process.env, NODE_COMPILE_CACHE: join(tmpdir(), 'slipway-scenario-compiled') };
  const started = spawn(process.execPath, [join(import.meta.dirname, 'schedule-child.ts'), dir, String(boundary)], {
    env,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const [code, signal] = (await once(started, 'exit')) as [number | null, NodeJS.Signals | null];
  return signal ?? code;
}
