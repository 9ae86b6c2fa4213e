import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Calendar, LoadedCalendar, WindowRule } from '../../src/runbook/index.ts';
import type { WindowSpan } from '../../src/plan/index.ts';
import { openingsOf, type WindowMistake } from '../../src/plan/window/openings.ts';
import { intersect, spanAt, subtract, union } from '../../src/plan/window/spans.ts';
import { momentOf, wallClock } from '../../src/plan/window/zone.ts';

const HOUR = 3_600_000;
const now = Date.UTC(2026, 10, 23, 9, 30);
const iso = (at: number) => new Date(at).toISOString();
const noCalendars: ReadonlyMap<string, LoadedCalendar> = new Map();

function calendars(windows: Calendar['windows']): ReadonlyMap<string, LoadedCalendar> {
  const calendar: Calendar = { apiVersion: 'slipway/v1', kind: 'Calendar', metadata: { name: 'weekend' }, timeZone: 'Europe/Berlin', windows };
  return new Map([
    ['weekend', { kind: 'Calendar', calendar, name: 'weekend', file: 'c.yaml', digest: 'sha256:00', source: {}, at: () => ({ line: 1, column: 1 }) }],
  ]);
}
function spans(rule: WindowRule, known = noCalendars, at = now): readonly WindowSpan[] {
  const found = openingsOf(rule, known, at);
  assert.ok(!('message' in found), JSON.stringify(found));
  return found;
}
function mistake(rule: WindowRule): WindowMistake {
  const found = openingsOf(rule, noCalendars, now);
  assert.ok('message' in found);
  return found;
}

describe('windows', () => {
  it('remembers openings by all they follow from: another day, zone, length or time is another answer, in any order', () => {
    const rule = { schedule: '0 2 * * *', duration: HOUR, timeZone: 'Europe/Berlin' };
    const asked = [
      [rule, now],
      [{ ...rule, duration: 2 * HOUR }, now],
      [{ ...rule, timeZone: 'America/New_York' }, now],
      [{ ...rule, schedule: '0 3 * * *' }, now],
      [rule, now + 24 * HOUR],
    ] as const;
    const first = asked.map(([each, at]) => JSON.stringify(spans(each, noCalendars, at)));
    assert.equal(new Set(first).size, asked.length);
    for (const [index, [each, at]] of [...asked.entries()].toReversed()) assert.equal(JSON.stringify(spans(each, noCalendars, at)), first[index]);
    assert.ok(iso(spans(rule, noCalendars, now + 24 * HOUR)[0]?.from ?? 0) > iso(spans(rule)[0]?.from ?? 0));
  });

  it('opens at wall-clock times, in winter and summer', () => {
    const found = spans({ schedule: '0 2 * * 6', duration: 4 * HOUR, timeZone: 'Europe/Berlin' });
    assert.equal(iso(found[0]?.from ?? 0), '2026-11-28T01:00:00.000Z');
    assert.equal(iso(found[0]?.to ?? 0), '2026-11-28T05:00:00.000Z');
    const july = found.find(({ from }) => iso(from).startsWith('2027-07-03'));
    assert.equal(iso(july?.from ?? 0), '2027-07-03T00:00:00.000Z');
    assert.equal(found.length, 57);
  });

  it('opens after the gap when clocks skip the time, and once when they show it twice', () => {
    const spring = spans({ schedule: '30 2 28 3 *', duration: HOUR, timeZone: 'Europe/Berlin' });
    assert.deepEqual(
      spring.map(({ from }) => iso(from)),
      ['2027-03-28T01:00:00.000Z'],
    );
    const autumn = spans({ schedule: '30 2 31 10 *', duration: HOUR, timeZone: 'Europe/Berlin' });
    assert.deepEqual(
      autumn.map(({ from }) => iso(from)),
      ['2027-10-31T00:30:00.000Z'],
    );
  });

  it('keeps real length over a change of the clocks', () => {
    const [span] = spans({ schedule: '0 20 26 3 *', duration: 58 * HOUR, timeZone: 'Europe/Berlin' });
    assert.equal((span?.to ?? 0) - (span?.from ?? 0), 58 * HOUR);
  });

  it('knows an opening that began before now', () => {
    const saturday = Date.UTC(2026, 10, 28, 12);
    const found = spans({ schedule: '0 20 * * 5', duration: 58 * HOUR, timeZone: 'Europe/Berlin' }, noCalendars, saturday);
    assert.equal(iso(spanAt(found, saturday)?.from ?? 0), '2026-11-27T19:00:00.000Z');
  });

  it('lets deny win over allow inside a calendar', () => {
    const known = calendars([
      { kind: 'allow', schedule: '0 20 * * 5', duration: 58 * HOUR },
      { kind: 'deny', schedule: '0 0 20 12 *', duration: 18 * 24 * HOUR },
    ]);
    const found = spans({ allow: 'weekend' }, known);
    const denied = { from: Date.UTC(2026, 11, 19, 23), to: Date.UTC(2027, 0, 6, 23) };
    assert.deepEqual(intersect(found, [denied]), []);
    // The weekend that is cut in two keeps its first part.
    assert.ok(found.some(({ to }) => to === denied.from));
  });

  it('is open at all other times when only a denial is given', () => {
    const found = spans({ deny: true, schedule: '0 0 * * *', duration: 12 * HOUR });
    assert.equal(spanAt(found, Date.UTC(2026, 10, 24, 6)), undefined);
    assert.ok(spanAt(found, Date.UTC(2026, 10, 24, 18)));
  });

  it('gives the same openings all day long', () => {
    const rule = { schedule: '0 2 * * *', duration: HOUR };
    assert.deepEqual(spans(rule), spans(rule, noCalendars, now + 5 * HOUR));
  });

  it('says what is wrong', () => {
    assert.match(mistake({ allow: 'nowhere' }).message, /no calendar "nowhere"/);
    assert.match(mistake({ schedule: '0 2 * * 6' }).message, /no duration/);
    assert.match(mistake({ schedule: '0 2 * * 6', duration: HOUR, timeZone: 'Mars/Base' }).message, /"Mars\/Base" is not a time zone/);
    assert.match(mistake({ schedule: '* * * * *', duration: HOUR }).message, /more than 48 times a day/);
    assert.match(mistake({ allow: true }).message, /no schedule/);
    assert.match(mistake({ allow: true, deny: true, schedule: '0 2 * * 6', duration: HOUR }).message, /no schedule of its own/);
  });
});

describe('spans', () => {
  const span = fc.tuple(fc.integer({ min: 0, max: 60 }), fc.integer({ min: 0, max: 20 })).map(([from, length]) => ({ from, to: from + length }));
  const list = fc.array(span, { maxLength: 8 });
  const holds = (all: readonly WindowSpan[], at: number) => all.some(({ from, to }) => from <= at && at < to);

  it('adds, subtracts and intersects like sets', () => {
    fc.assert(
      fc.property(list, list, (a, b) => {
        for (let at = 0; at <= 90; at++) {
          assert.equal(holds(union([...a, ...b]), at), holds(a, at) || holds(b, at));
          assert.equal(holds(subtract(a, b), at), holds(a, at) && !holds(b, at));
          assert.equal(holds(intersect(union(a), union(b)), at), holds(a, at) && holds(b, at));
        }
      }),
    );
  });

  it('finds the moment of every time the clocks show', () => {
    const zones = fc.constantFrom('Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'Asia/Kathmandu', 'UTC');
    fc.assert(
      fc.property(zones, fc.integer({ min: Date.UTC(2026, 0) / 60_000, max: Date.UTC(2028, 0) / 60_000 }), (zone, minute) => {
        const wall = wallClock(minute * 60_000, zone);
        assert.equal(wallClock(momentOf(wall, zone), zone), wall);
        assert.ok(momentOf(wall, zone) <= minute * 60_000);
      }),
    );
  });
});
