import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { namesDay, parseCron } from '../../src/plan/window/cron.ts';

describe('cron', () => {
  it('reads numbers, lists, ranges, steps and names', () => {
    const cron = parseCron('*/20 8-10,22 1,15 jan-mar mon-fri');
    assert.ok(!('wrong' in cron));
    assert.deepEqual(cron.minutes, [0, 20, 40]);
    assert.deepEqual(cron.hours, [8, 9, 10, 22]);
    assert.deepEqual([...cron.days], [1, 15]);
    assert.deepEqual([...cron.months], [1, 2, 3]);
    assert.deepEqual([...cron.weekdays], [1, 2, 3, 4, 5]);
    assert.equal(cron.anyDay, true);
  });

  it('takes 7 and 0 for Sunday', () => {
    for (const text of ['0 0 * * 7', '0 0 * * 0', '0 0 * * SUN']) {
      const cron = parseCron(text);
      assert.ok(!('wrong' in cron), text);
      assert.deepEqual([...cron.weekdays], [0], text);
    }
  });

  it('needs one of day and weekday when both are restricted, else both', () => {
    const both = parseCron('0 0 13 * 5');
    const friday = parseCron('0 0 * * 5');
    assert.ok(!('wrong' in both) && !('wrong' in friday));
    assert.equal(namesDay(both, { month: 1, day: 13, weekday: 2 }), true);
    assert.equal(namesDay(both, { month: 1, day: 2, weekday: 5 }), true);
    assert.equal(namesDay(both, { month: 1, day: 2, weekday: 4 }), false);
    assert.equal(namesDay(friday, { month: 1, day: 13, weekday: 2 }), false);
  });

  for (const [text, wrong] of [
    ['0 0 * *', /4 fields/],
    ['60 0 * * *', /"60" is not a minute \(0 to 59\)/],
    ['0 24 * * *', /"24" is not a hour/],
    ['0 0 0 * *', /"0" is not a day of month/],
    ['0 0 * foo *', /"foo" is not a month/],
    ['0 0 * * 5-1', /"5-1" is not a weekday/],
    ['*/0 0 * * *', /"\*\/0"/],
    ['*-5 0 * * *', /"\*-5"/],
    ['1,,2 0 * * *', /"" is not a minute/],
  ] as const) {
    it(`refuses ${text}`, () => {
      const cron = parseCron(text);
      assert.ok('wrong' in cron);
      assert.match(cron.wrong, wrong);
    });
  }
});
