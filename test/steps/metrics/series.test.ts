import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseSeries } from '../../../src/analysis/index.ts';
import { failsWith } from '../context.ts';

const numeric = { name: 'orders', unit: 'orders/min', kind: 'numeric', slots: [{ baseline: { value: -1.5, weight: 3 }, candidate: null }] };
const ratio = { name: 'errors', kind: 'ratio', slots: [{ baseline: { events: 0.5, trials: 10 }, candidate: { events: 0, trials: 0 } }] };
const series = { version: 1, algorithm: 'minute-samples/1', startedAt: 1_700_000_040_000, slotMs: 60_000, metrics: [numeric, ratio] };
const bytes = (value: unknown) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));

describe('a series', () => {
  it('is read as it was written', () => assert.deepEqual(parseSeries(bytes(series)), series));

  for (const [what, value] of [
    ['no JSON', 'NaN'],
    ['another version', { ...series, version: 2 }],
    ['another method', { ...series, algorithm: 'minute-samples/2' }],
    ['a key too many', { ...series, more: 1 }],
    ['a number that is none', { ...series, metrics: [{ ...numeric, slots: [{ baseline: { value: null, weight: 1 }, candidate: null }] }] }],
    ['a weight of nothing', { ...series, metrics: [{ ...numeric, slots: [{ baseline: { value: 1, weight: 0 }, candidate: null }] }] }],
    ['samples of another kind', { ...series, metrics: [{ ...numeric, slots: ratio.slots }] }],
    ['more events than trials', { ...series, metrics: [{ ...ratio, slots: [{ baseline: { events: 2, trials: 1 }, candidate: null }] }] }],
    ['a slot with one side', { ...series, metrics: [{ ...ratio, slots: [{ baseline: null }] }] }],
  ] as const) {
    it(`with ${what} is refused`, () => assert.throws(() => parseSeries(bytes(value)), failsWith('EVIDENCE_INVALID')));
  }
});
