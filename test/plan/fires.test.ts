import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { firesBetween, nextFire } from '../../src/plan/index.ts';
import { namesDay, parseCron } from '../../src/plan/window/cron.ts';
import { wallClock } from '../../src/plan/window/zone.ts';

const at = (iso: string): number => Date.parse(iso);
const berlin = (cron: string) => ({ cron, timeZone: 'Europe/Berlin' });
const between = (cron: string, from: string, to: string): readonly string[] =>
  firesBetween(berlin(cron), { after: at(from), until: at(to) }).map((fire) => new Date(fire).toISOString());

test('a daily time is the same on the clock all year', () => {
  assert.deepEqual(between('30 3 * * *', '2026-06-01T00:00Z', '2026-06-02T23:00Z'), ['2026-06-01T01:30:00.000Z', '2026-06-02T01:30:00.000Z']);
  assert.deepEqual(between('30 3 * * *', '2026-12-01T00:00Z', '2026-12-01T23:00Z'), ['2026-12-01T02:30:00.000Z']);
});

test('a time that clocks skip comes at the end of the gap, once, also when several are skipped', () => {
  assert.deepEqual(between('30 2 * * *', '2026-03-28T12:00Z', '2026-03-29T12:00Z'), ['2026-03-29T01:00:00.000Z']);
  assert.deepEqual(between('0,15,30 2 * * *', '2026-03-28T12:00Z', '2026-03-29T12:00Z'), ['2026-03-29T01:00:00.000Z']);
});

test('a time that clocks show twice comes the first time only', () => {
  assert.deepEqual(between('30 2 * * *', '2026-10-24T12:00Z', '2026-10-25T12:00Z'), ['2026-10-25T00:30:00.000Z']);
});

test('a rhythm goes on through both changes: nothing in the gap, both passes of the doubled hour', () => {
  const spring = between('*/30 * * * *', '2026-03-29T00:00Z', '2026-03-29T02:00Z');
  assert.deepEqual(spring, ['2026-03-29T00:30:00.000Z', '2026-03-29T01:00:00.000Z', '2026-03-29T01:30:00.000Z', '2026-03-29T02:00:00.000Z']);
  const autumn = between('*/30 * * * *', '2026-10-25T00:00Z', '2026-10-25T02:00Z');
  assert.deepEqual(autumn, ['2026-10-25T00:30:00.000Z', '2026-10-25T01:00:00.000Z', '2026-10-25T01:30:00.000Z', '2026-10-25T02:00:00.000Z']);
});

test('the next fire: across years, of a weekday or a day of the month, and of a day that never comes', () => {
  assert.equal(nextFire({ cron: '0 0 29 2 *' }, at('2096-03-01T00:00Z')), at('2104-02-29T00:00Z'));
  assert.equal(nextFire({ cron: '0 0 30 2 *' }, at('2026-01-01T00:00Z')), undefined);
  assert.equal(nextFire({ cron: '0 12 13 * fri' }, at('2026-11-13T12:00Z')), at('2026-11-20T12:00Z'));
  assert.equal(nextFire({ cron: '* * * * *' }, at('2026-11-13T12:00Z')), at('2026-11-13T12:01Z'));
  assert.equal(nextFire({ cron: '0 0 * * *', timeZone: 'Pacific/Apia' }, at('2026-11-13T12:00Z')), at('2026-11-14T11:00Z'));
});

test('when there are more than wanted, the newest count', () => {
  const found = firesBetween({ cron: '0 * * * *' }, { after: at('2026-01-01T00:00Z'), until: at('2026-01-02T00:00Z') }, 2);
  assert.deepEqual(found, [at('2026-01-01T23:00Z'), at('2026-01-02T00:00Z')]);
});

const ZONES = ['UTC', 'Europe/Berlin', 'America/New_York', 'Asia/Kathmandu', 'Australia/Lord_Howe', 'America/St_Johns', 'Africa/Casablanca'] as const;
const field = (most: number, least = 0) =>
  fc.oneof(
    fc.constant('*'),
    fc.integer({ min: 2, max: 30 }).map((step) => `*/${step}`),
    fc.integer({ min: least, max: most }).map(String),
  );

test('every fire shows a time that the line names, unless it stands for one that was skipped; in order, none twice; the search agrees with itself', () => {
  const line = fc.tuple(field(59), field(23), field(28, 1), fc.constant('*'), field(6)).map((parts) => parts.join(' '));
  fc.assert(
    fc.property(line, fc.constantFrom(...ZONES), fc.integer({ min: at('2024-01-01T00:00Z'), max: at('2027-12-31T00:00Z') }), (cron, timeZone, from) => {
      const after = Math.floor(from / 60_000) * 60_000;
      const fires = firesBetween({ cron, timeZone }, { after, until: after + 3 * 86_400_000 });
      const parsed = parseCron(cron);
      assert.ok(!('wrong' in parsed));
      for (const [index, fire] of fires.entries()) {
        assert.ok(index === 0 || fire > (fires[index - 1] ?? 0));
        const wall = new Date(wallClock(fire, timeZone));
        const names =
          parsed.minutes.includes(wall.getUTCMinutes()) &&
          parsed.hours.includes(wall.getUTCHours()) &&
          namesDay(parsed, { month: wall.getUTCMonth() + 1, day: wall.getUTCDate(), weekday: wall.getUTCDay() });
        const isAfterGap = wallClock(fire, timeZone) - wallClock(fire - 60_000, timeZone) > 60_000;
        assert.ok(names || (isAfterGap && !parsed.isRhythm), `${cron} in ${timeZone} at ${wall.toISOString()}`);
      }
      assert.equal(nextFire({ cron, timeZone }, after), fires[0] ?? nextFire({ cron, timeZone }, after + 3 * 86_400_000));
      const middle = fires[Math.floor(fires.length / 2)] ?? after;
      assert.deepEqual(
        firesBetween({ cron, timeZone }, { after: middle, until: after + 3 * 86_400_000 }),
        fires.filter((fire) => fire > middle),
      );
    }),
    { numRuns: 150, seed: 4711 },
  );
});
