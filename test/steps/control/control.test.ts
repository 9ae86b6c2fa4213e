import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { approval, manual, pause, runbookCall, switchKind, waitSignal, waitUntil } from '../../../src/steps/control/index.ts';
import { nextTimeOfDay } from '../../../src/steps/control/time-of-day.ts';

const now = Date.UTC(2026, 10, 23, 12);

describe('timers', () => {
  test('pause lasts its duration from now', () => {
    assert.deepEqual(pause.target === 'control' && pause.wait(pause.with.parse({ duration: '10m' }), now), { type: 'timer', until: now + 600_000 });
  });
  test('wait.until takes a moment with its offset', () => {
    assert.deepEqual(waitUntil.target === 'control' && waitUntil.wait(waitUntil.with.parse({ time: '2026-11-28T02:00:00+01:00' }), now), {
      type: 'timer',
      until: Date.UTC(2026, 10, 28, 1),
    });
  });
  test('wait.until wants exactly one of time and timeOfDay, and real zones', () => {
    for (const wrong of [
      {},
      { time: '2026-11-28T02:00:00Z', timeOfDay: '02:00' },
      { time: '2026-11-28T02:00:00' },
      { timeOfDay: '25:00' },
      { timeOfDay: '02:00', timeZone: 'Mars/Olympus' },
      { time: '2026-11-28T02:00:00Z', timeZone: 'Europe/Paris' },
    ])
      assert.ok(!waitUntil.with.safeParse(wrong).success, JSON.stringify(wrong));
  });
});

describe('a time of day', () => {
  const iso = (timeOfDay: string, timeZone: string, from: string) => new Date(nextTimeOfDay(timeOfDay, timeZone, Date.parse(from))).toISOString();
  test('is today when it is still to come, else tomorrow', () => {
    assert.equal(iso('13:30', 'UTC', '2026-11-23T12:00:00Z'), '2026-11-23T13:30:00.000Z');
    assert.equal(iso('11:30', 'UTC', '2026-11-23T12:00:00Z'), '2026-11-24T11:30:00.000Z');
    assert.equal(iso('12:00', 'UTC', '2026-11-23T12:00:00Z'), '2026-11-23T12:00:00.000Z');
  });
  test('is that of the zone, whatever the day is here', () => {
    assert.equal(iso('02:00', 'Europe/Paris', '2026-11-23T12:00:00Z'), '2026-11-24T01:00:00.000Z');
    assert.equal(iso('02:00', 'Europe/Paris', '2026-07-01T12:00:00Z'), '2026-07-02T00:00:00.000Z');
    assert.equal(iso('00:30', 'Pacific/Kiritimati', '2026-11-23T10:00:00Z'), '2026-11-23T10:30:00.000Z');
    assert.equal(iso('23:45', 'Pacific/Niue', '2026-11-23T10:00:00Z'), '2026-11-23T10:45:00.000Z');
  });
  test('that clocks skip in spring is the end of the gap', () => {
    assert.equal(iso('02:30', 'Europe/Paris', '2027-03-27T12:00:00Z'), '2027-03-28T01:00:00.000Z');
    assert.equal(iso('02:15', 'Australia/Lord_Howe', '2026-10-03T12:00:00Z'), '2026-10-03T15:30:00.000Z');
  });
  test('that clocks show twice in autumn is the first of the two', () => {
    assert.equal(iso('02:30', 'Europe/Paris', '2026-10-24T12:00:00Z'), '2026-10-25T00:30:00.000Z');
    assert.equal(iso('01:30', 'America/New_York', '2026-10-31T12:00:00Z'), '2026-11-01T05:30:00.000Z');
  });
  test('is always within two days, and clocks there show it unless they skipped it', () => {
    const zone = fc.constantFrom('UTC', 'Europe/Paris', 'America/New_York', 'Asia/Kathmandu', 'Australia/Lord_Howe', 'Pacific/Apia');
    fc.assert(
      fc.property(zone, fc.integer({ min: 0, max: 1_439 }), fc.integer({ min: 1_700_000_000, max: 1_900_000_000 }), (timeZone, minutes, seconds) => {
        const text = `${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`;
        const from = seconds * 1_000;
        const at = nextTimeOfDay(text, timeZone, from);
        assert.ok(at >= from && at - from <= 48 * 3_600_000, `${text} ${timeZone} after ${from} is ${at}`);
        const shown = new Intl.DateTimeFormat('en', { timeZone, hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }).format(at);
        const offsetAt = (when: number) => new Intl.DateTimeFormat('en', { timeZone, timeZoneName: 'longOffset' }).formatToParts(when).at(-1)?.value;
        assert.ok(shown === text || offsetAt(at) !== offsetAt(at - 60_000), `${text} became ${shown}`);
      }),
    );
  });
});

describe('people and other runs', () => {
  test('an approval has the careful defaults', () => {
    assert.deepEqual(approval.target === 'control' && approval.wait(approval.with.parse({ approvers: ['team:cab'] }), now), {
      type: 'gate',
      gate: {
        ...{ approvers: ['team:cab'], required: 1, perGroup: 0, preventSelfApproval: true, onTimeout: 'deny' },
        ...{ deadline: now + 86_400_000, message: 'approve this plan', verb: 'approve' },
      },
    });
    assert.ok(!approval.with.safeParse({ approvers: ['team:cab'], onTimeout: 'approve' }).success, 'nothing approves by itself');
    assert.ok(!approval.with.safeParse({ approvers: [] }).success);
    assert.ok(!approval.with.safeParse({ approvers: ['cab'] }).success);
  });
  test('a manual task is done, not approved, and waits without limit unless told', () => {
    const wait = manual.target === 'control' && manual.wait(manual.with.parse({ approvers: ['user:ada'], instructions: 'plug it in' }), now);
    assert.ok(wait && wait.type === 'gate');
    assert.equal(wait.gate.verb, 'done');
    assert.equal(wait.gate.message, 'plug it in');
    assert.ok(!('deadline' in wait.gate));
  });
  test('a signal may have a deadline', () => {
    const wait = (input: unknown) => waitSignal.target === 'control' && waitSignal.wait(waitSignal.with.parse(input), now);
    assert.deepEqual(wait({ name: 'go' }), { type: 'signal', name: 'go' });
    assert.deepEqual(wait({ name: 'go', timeout: '1h' }), { type: 'signal', name: 'go', deadline: now + 3_600_000 });
  });
  test('a call names the runbook and its inputs; a switch turns its value into text', () => {
    assert.deepEqual(runbookCall.target === 'control' && runbookCall.wait(runbookCall.with.parse({ runbook: 'patch', inputs: { n: 1 } }), now), {
      ...{ type: 'call', runbook: 'patch', inputs: { n: 1 } },
    });
    const branch = (value: unknown) => switchKind.target === 'control' && switchKind.wait(switchKind.with.parse({ value }), now);
    assert.deepEqual(
      [branch('aws'), branch(3), branch(true)],
      ['aws', '3', 'true'].map((text) => ({ type: 'branch', branch: text })),
    );
  });
});
