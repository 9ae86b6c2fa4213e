import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { kindOf, type MetricsPort, type StepOutcome } from '../../../src/steps/index.ts';
import { contextWith, failsWith, jumpingClock, type TestContext } from '../context.ts';
import { type Says, sources } from './world.ts';

const MINUTE = 60_000;
const NOW = 1_700_000_040_000;
const SOURCES = { shop: { type: 'prometheus', url: 'https://prometheus.test' }, aws: { type: 'cloudWatch', region: 'eu-central-1' } } as const;
const orders = { type: 'prometheus', from: 'shop', query: 'sum(increase(orders_total[$window]))' } as const;
const failures = { type: 'prometheus', from: 'shop', events: 'sum(increase(bad_total[$window]))', trials: 'sum(increase(all_total[$window]))' } as const;

function check(
  settings: object,
  says: Says,
): { readonly outcome: Promise<StepOutcome>; readonly context: TestContext; readonly metrics: MetricsPort & { asked: string[] } } {
  const kind = kindOf('check.metric');
  assert.ok(kind?.target === 'none');
  const clock = jumpingClock(NOW);
  const metrics = sources(clock, { shop: says, aws: says });
  const context = contextWith({ clock, metrics });
  return { outcome: kind.execute(kind.with.parse({ sources: SOURCES, ...settings }), context), context, metrics };
}
const accepts = (settings: object) => kindOf('check.metric')?.with.safeParse({ sources: SOURCES, ...settings }).success;

describe('check.metric with a limit', () => {
  it('passes within it and says what it saw', async () => {
    const { outputs, summary } = await check({ source: orders, expect: '>40', window: '5m' }, () => 41.25).outcome;
    assert.deepEqual(outputs, { value: 41.25, burn: [], attempts: 1 });
    assert.equal(summary, '41.25, must be >40');
  });
  it('fails beyond it, worth a retry', async () => {
    await assert.rejects(
      check({ source: orders, expect: '>40' }, () => 12).outcome,
      failsWith('CHECK_FAILED', /^shop \(https:\/\/prometheus\.test\): 12, must be >40$/),
    );
  });
  it('checks the share of events among trials', async () => {
    const says =
      (events: number, trials: number): Says =>
      (part) =>
        part === 'events' ? events : trials;
    assert.equal((await check({ source: failures, expect: '<2%' }, says(1, 100)).outcome).summary, '1%, must be <2%');
    await assert.rejects(check({ source: failures, expect: '<2%' }, says(3, 100)).outcome, failsWith('CHECK_FAILED', /3%, must be <2%/));
    await assert.rejects(check({ source: failures, expect: '<2%' }, says(0, 0)).outcome, failsWith('METRIC_NO_DATA'), 'no trial is no success');
  });
  it('takes a number that is not there for a failure, unless it is told to ignore it', async () => {
    await assert.rejects(check({ source: orders, expect: '>40' }, () => undefined).outcome, failsWith('METRIC_NO_DATA', /has no data: the source has none/));
    await assert.rejects(check({ source: orders, expect: '>40' }, () => 'METRIC_SOURCE_DOWN').outcome, failsWith('METRIC_SOURCE_DOWN'));
    const gap = await check({ source: orders, expect: '>40', noData: 'ignore' }, () => undefined).outcome;
    assert.deepEqual([gap.outputs['value'], gap.summary], [null, 'ignored: no data: the source has none']);
    const down = await check({ source: orders, expect: '>40', noData: 'ignore' }, () => 'METRIC_SOURCE_DOWN').outcome;
    assert.equal(down.summary, 'ignored: no data: shop said so');
  });
  it('ignores no limit and no refusal', async () => {
    await assert.rejects(check({ source: orders, expect: '>40', noData: 'ignore' }, () => 3).outcome, failsWith('CHECK_FAILED'));
    for (const code of ['METRIC_SOURCE_DENIED', 'METRIC_QUERY_WRONG', 'METRIC_SOURCE_UNTRUSTED', 'METRIC_CREDENTIAL_MISSING'])
      await assert.rejects(check({ source: orders, expect: '>40', noData: 'ignore' }, () => code).outcome, failsWith(code));
  });
  it('asks as often as it may, but not about what no retry mends', async () => {
    let asked = 0;
    const { outputs } = await check({ source: orders, expect: '>40', attempts: 5, interval: '30s' }, () => (++asked < 3 ? 1 : 50)).outcome;
    assert.equal(outputs['attempts'], 3);
    const refused = check({ source: orders, expect: '>40', attempts: 5 }, () => 'METRIC_SOURCE_DENIED');
    await assert.rejects(refused.outcome, failsWith('METRIC_SOURCE_DENIED'));
    assert.equal(refused.metrics.asked.length, 1);
  });
});

describe('check.metric with an error budget', () => {
  /** Share of events by how many minutes ago; 100 trials a minute. */
  const burning =
    (share: (minutesAgo: number) => number | undefined): Says =>
    (part, end) => {
      const events = share((NOW - end) / MINUTE);
      return part === 'trials' ? (events === undefined ? undefined : 100) : events === undefined ? undefined : events * 100;
    };
  const run = (share: (minutesAgo: number) => number | undefined, burn: object = {}) =>
    check({ source: failures, burn: { objective: '99.9%', ...burn } }, burning(share)).outcome;

  it('passes while the budget lasts, and tells both pairs of windows', async () => {
    const { outputs } = await run(() => 0.001);
    const rates = outputs['burn'] as readonly { short: number; long: number; factor: number }[]; // the kind's own outputs
    assert.deepEqual(rates.map(({ factor, short, long }) => [factor, Math.round(short * 100) / 100, Math.round(long * 100) / 100]), [[14.4, 1, 1], [6, 1, 1]]); // prettier-ignore
  });
  it('fails when it burns fast in five minutes and in the hour', async () => {
    await assert.rejects(run(() => 0.02), failsWith('CHECK_FAILED', /the error budget of 99\.9% burns 20x in 5 m and 20x in 1 h, at most 14\.4x; 20x in 30 m and 20x in 6 h, at most 6x$/)); // prettier-ignore
  });
  it('fails when it burns slowly for hours', async () => {
    await assert.rejects(
      run(() => 0.008),
      failsWith('CHECK_FAILED', /burns 8x in 30 m and 8x in 6 h, at most 6x$/),
    );
  });
  it('passes when it burned and has stopped, and at a short spike', async () => {
    await run((ago) => (ago >= 6 && ago < 60 ? 0.05 : 0), { windows: [{ short: '5m', long: '1h', factor: 14.4 }] });
    await run((ago) => (ago < 2 ? 0.3 : 0));
  });
  it('has no data when the short window has too little, however good the rest', async () => {
    const gone = run((ago) => (ago < 4 ? undefined : 0));
    await assert.rejects(gone, failsWith('METRIC_NO_DATA', /burns unknown in 5 m and 0x in 1 h/));
    await run((ago) => (ago < 2 ? undefined : 0));
    const quiet = check({ source: failures, burn: { objective: '99.9%' } }, () => 0).outcome;
    await assert.rejects(quiet, failsWith('METRIC_NO_DATA'), 'without trials nobody knows');
  });
  it('judges a service that is younger than the long windows by what there is', async () => {
    await run((ago) => (ago < 10 ? 0.0001 : undefined), { windows: [{ short: '5m', long: '1h', factor: 14.4 }] });
    await assert.rejects(
      run((ago) => (ago < 10 ? 0.02 : undefined), { windows: [{ short: '5m', long: '1h', factor: 14.4 }] }),
      failsWith('CHECK_FAILED'),
    );
  });
  it('fails for what burns although another window has no data', async () => {
    await assert.rejects(
      run((ago) => (ago < 3 ? undefined : 0.02)),
      failsWith('CHECK_FAILED', /20x in 30 m/),
    );
  });
  it('waits for what a cloud publishes late', async () => {
    const counts = { type: 'cloudWatch', from: 'aws', namespace: 'AWS/ApplicationELB', events: 'HTTPCode_Target_5XX_Count', trials: 'RequestCount' };
    const late = burning((ago) => (ago < 3 ? undefined : 0));
    await check({ source: counts, burn: { objective: '99.9%' } }, late).outcome;
    await assert.rejects(check({ source: counts, burn: { objective: '99.9%' }, delay: '0s' }, late).outcome, failsWith('METRIC_NO_DATA'));
  });
  it('refuses what could not be judged', () => {
    assert.equal(accepts({ source: orders, burn: { objective: '99.9%' } }), false);
    assert.equal(accepts({ source: failures, burn: { objective: '99.9%' }, expect: '<1%' }), false);
    assert.equal(accepts({ source: failures, burn: { objective: '99.9%', resolution: '7s' } }), false, 'five minutes are no multiple of seven seconds');
    assert.equal(accepts({ source: failures, burn: { objective: '99.9%', resolution: '1s' } }), false, 'six hours of seconds are too much');
  });
});

it('a failing watch of this kind is a reason to roll back', () => assert.equal(kindOf('check.metric')?.failureTrigger, 'healthFailed'));
