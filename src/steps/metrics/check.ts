import { formatDuration } from '../../core/index.ts';
import { defineStep } from '../kind.ts';
import { runMetricCheck } from './check-run.ts';
import { MetricCheck, MetricCheckOutputs, rulesOf } from './check-shape.ts';
import { placeOf } from './places.ts';

/**
 * Compare a metric with a limit, or see how fast it burns the error budget of an objective. Made for watches: a cutover goes back when
 * customers stop buying. A number that is not there fails the check unless it says otherwise.
 */
export const checkMetric = defineStep({
  uses: 'check.metric',
  summary: 'check a metric or business figure against a limit or an error budget',
  with: MetricCheck,
  outputs: MetricCheckOutputs,
  example: {
    source: { type: 'prometheus', from: 'shop', query: 'sum(increase(orders_total[$window]))' },
    sources: { shop: { type: 'prometheus', url: 'https://prometheus.example.com' } },
    expect: '>40',
    window: '5m',
  },
  mutates: false,
  takesSources: true,
  failureTrigger: 'healthFailed',
  describe: ({ source, sources, expect, burn }) =>
    burn === undefined
      ? `check that ${placeOf(source, sources)} gives ${expect ?? ''}`
      : `check how fast the error budget of ${Number((burn.objective * 100).toPrecision(6))}% burns, as ${placeOf(source, sources)} tells`,
  target: 'none',
  idempotency: 'safe',
  execute: runMetricCheck,
  preview: async ({ source, sources, expect, burn, noData }) => {
    const rules = burn === undefined ? [] : rulesOf(burn).map((rule) => `${rule.factor}x in ${formatDuration(rule.short)} and ${formatDuration(rule.long)}`);
    const limit = burn === undefined ? `must be ${expect ?? ''}` : `burns its budget at most ${rules.join(', ')}`;
    return { type: 'note', text: `${placeOf(source, sources)} ${limit}${noData === 'ignore' ? '; passes without data' : ''}` };
  },
});
