import { formatDuration } from '../../core/index.ts';
import { defineStep } from '../kind.ts';
import { runCollect } from './collect-run.ts';
import { CollectInput, CollectOutputs, DURATION_MS, SLOT_MS } from './collect-shape.ts';
import { placesIn } from './places.ts';

/**
 * Sample metrics of the old and the new side from the systems that measure them, slot by slot, and keep both as evidence for an
 * analysis. A dualRun phase makes this step for metrics that have a source, beside the probe or instead of it.
 */
export const metricsCollect = defineStep({
  uses: 'metrics.collect',
  summary: 'sample metrics of the old and the new side from monitoring systems',
  with: CollectInput,
  outputs: CollectOutputs,
  example: {
    metrics: [
      {
        name: 'checkout-errors',
        kind: 'ratio',
        source: {
          baseline: {
            type: 'prometheus',
            from: 'shop',
            events: 'sum(increase(checkout_errors_total{$labels}[$window])) or vector(0)',
            trials: 'sum(increase(checkouts_total{$labels}[$window]))',
            labels: { side: 'old' },
          },
          candidate: { type: 'command', host: 'shop-new-1', cmd: '/opt/shop/checkouts --last "$SLIPWAY_WINDOW_SECONDS"', events: '$.errors', trials: '$.all' },
        },
      },
    ],
    sources: { shop: { type: 'prometheus', url: 'https://prometheus.example.com', auth: { token: 'env:SLIPWAY_METRICS_SHOP' } } },
    duration: '30m',
  },
  mutates: false,
  takesSources: true,
  failureTrigger: 'healthFailed',
  describe: ({ metrics, duration }) => `collect ${metrics.map(({ name }) => name).join(', ')} for ${formatDuration(duration ?? DURATION_MS)}`,
  target: 'none',
  idempotency: 'safe',
  execute: runCollect,
  preview: async (input) => {
    const slotMs = input.slot ?? SLOT_MS;
    const slots = Math.floor((input.duration ?? DURATION_MS) / slotMs);
    const wait = (input.warmUp ?? 0) + (input.abCheck ?? 0);
    const after = wait > 0 ? `, after ${formatDuration(wait)}` : '';
    return { type: 'note', text: `about ${slots} slots of ${formatDuration(slotMs)}${after}, from ${placesIn(input).join(', ')}` };
  },
});
