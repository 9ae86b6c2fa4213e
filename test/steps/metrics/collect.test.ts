import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseSeries, type Series } from '../../../src/analysis/index.ts';
import type { Digest } from '../../../src/core/index.ts';
import { kindOf, type StepOutcome } from '../../../src/steps/index.ts';
import { contextWith, evidenceStore, failsWith, type TestContext } from '../context.ts';
import { type Says, sharedClock, sources } from './world.ts';

const MINUTE = 60_000;
/** Ten seconds into a minute. */
const START = 1_700_000_040_000 + 10_000;
const FIRST = START - 10_000 + MINUTE;
const SOURCES = { old: { type: 'prometheus', url: 'https://old.test' }, fresh: { type: 'prometheus', url: 'https://new.test' } } as const;
const orders = {
  name: 'orders',
  kind: 'numeric',
  unit: 'orders/min',
  source: {
    baseline: { type: 'prometheus', from: 'old', query: 'sum(increase(orders_total[$window]))' },
    candidate: { type: 'prometheus', from: 'fresh', query: 'sum(increase(orders_total[$window]))' },
  },
} as const;
const errors = {
  name: 'errors',
  kind: 'ratio',
  source: {
    baseline: { type: 'command', host: 'erp-old', cmd: 'count', events: '$.bad', trials: '$.all' },
    candidate: { type: 'command', host: 'erp-new', cmd: 'count', events: '$.bad', trials: '$.all' },
  },
} as const;

interface Ran {
  readonly context: TestContext;
  readonly outcome: () => Promise<StepOutcome>;
  readonly series: () => Promise<Series>;
  readonly asked: readonly string[];
}
function collect(settings: object, table: { readonly [name: string]: Says }, clock = sharedClock(START), signal?: AbortSignal): Ran {
  const kind = kindOf('metrics.collect');
  assert.ok(kind?.target === 'none');
  const input: unknown = kind.with.parse({ sources: SOURCES, ...settings });
  const evidence = evidenceStore();
  const metrics = sources(clock, table);
  const context = contextWith({ clock, evidence, metrics }, signal ? { signal } : {});
  const outcome = kind.execute(input, context);
  outcome.catch(() => undefined); // whoever runs this awaits it, maybe later
  return {
    context,
    outcome: () => outcome,
    asked: metrics.asked,
    series: async () => parseSeries(await evidence.get((await outcome).outputs['evidence'] as Digest)), // the kind's own outputs
  };
}
const meanOf = (sample: ReturnType<typeof slotsOf>[number]['candidate']) => (sample !== null && 'value' in sample ? sample.value : undefined);
const slotsOf = ({ metrics }: Series, name: string) => metrics.find((metric) => metric.name === name)?.slots ?? [];

describe('metrics.collect', () => {
  it('keeps the whole minutes of the clock that lie in the time it measures', async () => {
    const ran = collect({ metrics: [orders], duration: '5m' }, { old: () => 40, fresh: () => 42 });
    const series = await ran.series();
    assert.deepEqual([series.startedAt, series.slotMs, slotsOf(series, 'orders').length], [FIRST, MINUTE, 4]);
    assert.deepEqual(slotsOf(series, 'orders')[0], { baseline: { value: 40, weight: 1 }, candidate: { value: 42, weight: 1 } });
    const { outputs, summary } = await ran.outcome();
    assert.deepEqual(outputs['metrics'], [{ name: 'orders', baseline: { mean: 40, slots: 4, gaps: 0 }, candidate: { mean: 42, slots: 4, gaps: 0 } }]);
    assert.equal(summary, '4 slots of 1 metrics');
  });

  it('leaves out warm-up and self-check, as the probe beside it does', async () => {
    const series = await collect({ metrics: [orders], duration: '3m', warmUp: '2m', abCheck: '3m' }, { old: () => 1, fresh: () => 1 }).series();
    assert.deepEqual([series.startedAt, slotsOf(series, 'orders').length], [FIRST + 5 * MINUTE, 2]);
  });

  it('tells how far it is about once a minute, and gives signs of life between', async () => {
    const ran = collect({ metrics: [orders], duration: '30m' }, { old: () => 41.2, fresh: () => 43 });
    await ran.outcome();
    const progress = ran.context.lines.filter((line) => line.includes('of 29 slots;'));
    assert.ok(progress.length >= 9 && progress.length <= 29, String(progress.length));
    assert.match(progress.at(-1) ?? '', /^29 of 29 slots; orders 41\.2 and 43$/);
    assert.ok(ran.context.beats.length > 300, 'not a beat every five seconds');
  });

  it('takes late samples: asks again about the last slots, and once more about all', async () => {
    // What is about the last ninety seconds is not there yet.
    const late: Says = (_, end, now) => (now - end >= 90_000 ? end / MINUTE : undefined);
    const ran = collect({ metrics: [orders], duration: '6m', settle: '2m' }, { old: late, fresh: () => 1 });
    const found = slotsOf(await ran.series(), 'orders');
    assert.equal(found.length, 5);
    for (const [slot, { baseline }] of found.entries()) assert.deepEqual(baseline, { value: FIRST / MINUTE + slot + 1, weight: 1 });
    assert.deepEqual(
      ran.asked.filter((asked) => asked.startsWith('old')).map((asked) => Number(asked.split(' ')[2])),
      [1, 2, 3, 4, 5, 5],
      'never more than five slots at once, then all',
    );
  });

  it('keeps what it has seen when the source cannot be asked again, or has forgotten', async () => {
    const forgets: Says = (_, end, now) => (now >= FIRST + 5 * MINUTE ? undefined : 7);
    const dies: Says = (_, end, now) => (now > FIRST + 4 * MINUTE ? 'METRIC_SOURCE_DOWN' : end === FIRST + 2 * MINUTE ? undefined : 5);
    const ran = collect({ metrics: [orders], duration: '5m', settle: '2m' }, { old: forgets, fresh: dies });
    const found = slotsOf(await ran.series(), 'orders');
    assert.deepEqual(found.map(({ baseline }) => baseline), [7, 7, 7, 7].map((value) => ({ value, weight: 1 }))); // prettier-ignore
    assert.deepEqual(found.map(({ candidate }) => meanOf(candidate)), [5, undefined, 5, 5]); // prettier-ignore
    assert.ok(ran.context.lines.some((line) => line === 'orders of the candidate could not be asked again: fresh said so'));
  });

  it('leaves gaps while a source is down, tells it once, and goes on', async () => {
    const down: Says = (_, end, now) => (now > FIRST + 2.5 * MINUTE && now < FIRST + 5.5 * MINUTE ? 'METRIC_SOURCE_DOWN' : 3);
    const ran = collect(
      { metrics: [errors, orders], duration: '9m' },
      { old: () => 1, fresh: () => 1, 'erp-old': (part) => (part === 'events' ? 1 : 100), 'erp-new': down },
    );
    const found = slotsOf(await ran.series(), 'errors');
    assert.deepEqual(found.map(({ candidate }) => candidate !== null), [true, true, false, false, false, true, true, true]); // prettier-ignore
    assert.deepEqual(found[0], { baseline: { events: 1, trials: 100 }, candidate: { events: 3, trials: 3 } });
    const told = ran.context.lines.filter((line) => line.startsWith('errors of the candidate'));
    assert.deepEqual(told, [
      'errors of the candidate has no data: erp-new said so',
      'errors of the candidate has data again',
      'errors of the candidate has no data for 3 of 8 slots: the source has none',
    ]);
  });

  it('fails at once when the source can never answer, but not any more when it has', async () => {
    const ran = collect({ metrics: [orders], duration: '30m' }, { old: () => 1, fresh: () => 'METRIC_QUERY_WRONG' });
    await assert.rejects(ran.outcome(), failsWith('METRIC_QUERY_WRONG'));
    assert.ok(ran.asked.length <= 2, 'it went on asking');
    const expired: Says = (_, end, now) => (now > FIRST + 2 * MINUTE ? 'METRIC_SOURCE_DENIED' : 1);
    const later = collect({ metrics: [orders], duration: '5m' }, { old: () => 1, fresh: expired });
    assert.deepEqual(slotsOf(await later.series(), 'orders').map(({ candidate }) => meanOf(candidate)), [1, 1, undefined, undefined]); // prettier-ignore
  });

  it('asks a source without memory once at the end of each slot, and takes a late answer for none', async () => {
    const clock = sharedClock(START);
    const ran = collect({ metrics: [errors], duration: '4m' }, { 'erp-old': () => 1, 'erp-new': () => 1 }, clock);
    await ran.outcome();
    const times = ran.asked.filter((asked) => asked.startsWith('erp-old')).map((asked) => Number(asked.split(' ')[2]));
    assert.deepEqual(times, [1, 2, 3].map((slot) => FIRST + slot * MINUTE)); // prettier-ignore
    const slow = sharedClock(START);
    const table: { readonly [name: string]: Says } = { 'erp-old': () => 1, 'erp-new': (_, end) => (end === FIRST + MINUTE ? (slow.set(1.5 * MINUTE), 1) : 1) };
    const found = slotsOf(await collect({ metrics: [errors], duration: '6m' }, table, slow).series(), 'errors');
    assert.deepEqual(found[0]?.candidate, null, 'an answer from a minute later is about that minute');
    assert.deepEqual(found[1]?.candidate, null, 'the slot it slept through');
    assert.deepEqual(found.at(-1)?.candidate, { events: 1, trials: 1 });
  });

  it('takes counts that contradict each other for no data, and extrapolation for what it is', async () => {
    const ratio = {
      ...errors,
      source: { baseline: { type: 'prometheus', from: 'old', events: 'a[$window]', trials: 'b[$window]' }, candidate: errors.source.candidate },
    };
    const counts = [[10.2, 10], [12, 10], [-1, 10], [0, 0], [undefined, 10], [3, undefined], [1, -5]] as const; // prettier-ignore
    const says: Says = (part, end) => counts[(end - FIRST) / MINUTE - 1]?.[part === 'events' ? 0 : 1];
    const found = slotsOf(await collect({ metrics: [ratio], duration: '8m' }, { old: says, 'erp-new': () => 1 }).series(), 'errors');
    assert.deepEqual(found.map(({ baseline }) => baseline), [{ events: 10, trials: 10 }, null, null, { events: 0, trials: 0 }, null, null, null]); // prettier-ignore
  });

  it('takes a count that a cloud does not publish for none only when told so, and only beside trials', async () => {
    const cloud = (absentEvents: string) => {
      const side = {
        type: 'cloudWatch',
        from: 'aws',
        namespace: 'AWS/ApplicationELB',
        events: 'HTTPCode_Target_5XX_Count',
        trials: 'RequestCount',
        absentEvents,
      };
      return { name: 'errors', kind: 'ratio', source: { baseline: side, candidate: { ...side, dimensions: { LoadBalancer: 'app/new/1' } } } };
    };
    const says: Says = (part, end) => (part === 'trials' && end > FIRST + 2 * MINUTE ? 50 : undefined);
    const run = async (absentEvents: string) =>
      slotsOf(
        await collect(
          { metrics: [cloud(absentEvents)], sources: { aws: { type: 'cloudWatch', region: 'eu-central-1' } }, duration: '5m', settle: '1s' },
          { aws: says },
        ).series(),
        'errors',
      ).map(({ baseline }) => baseline);
    assert.deepEqual(await run('zero'), [null, null, { events: 0, trials: 50 }, { events: 0, trials: 50 }]);
    assert.deepEqual(await run('noData'), [null, null, null, null]);
  });

  it('stops when it is told to', async () => {
    const stop = new AbortController();
    const ran = collect(
      { metrics: [orders], duration: '1h' },
      { old: (_, end) => (end > FIRST + 3 * MINUTE ? (stop.abort(new Error('enough')), 1) : 1), fresh: () => 1 },
      sharedClock(START),
      stop.signal,
    );
    await assert.rejects(ran.outcome(), /enough/);
  });

  it('knows no source but those it was given', async () => {
    await assert.rejects(
      collect({ metrics: [orders], sources: {}, duration: '5m' }, {}).outcome(),
      failsWith('METRIC_SOURCE_UNKNOWN', /no metric source "old"/),
    );
    const other = { ...SOURCES, old: { type: 'http', url: 'https://old.test' } };
    await assert.rejects(
      collect({ metrics: [orders], sources: other, duration: '5m' }, {}).outcome(),
      failsWith('METRIC_SOURCE_UNKNOWN', /of type http, not prometheus/),
    );
  });
});
