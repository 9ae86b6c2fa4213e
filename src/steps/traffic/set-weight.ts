import { z } from 'zod';
import { defineStep } from '../kind.ts';
import { setByCommand } from './command.ts';
import { setHaproxyWeight } from './haproxy-weight.ts';
import { CommandDriver, HaproxyWeights, Share } from './shape.ts';
import { weightsFor } from './weights.ts';

/**
 * Give the candidate side a share of the requests, on load balancers that are hosts of the inventory. Setting the same share
 * twice changes nothing. For a balancer that is a cloud resource see `traffic.setStackWeight`.
 */
export const setWeight = defineStep({
  uses: 'traffic.setWeight',
  summary: 'give the new side a share of the traffic, on load balancer hosts',
  with: z.strictObject({
    weight: Share.meta({ description: 'share of the candidate, in percent' }),
    driver: z.discriminatedUnion('type', [HaproxyWeights, CommandDriver]),
  }),
  outputs: z.strictObject({ weight: Share, previousWeight: z.number().nullable() }),
  example: { weight: 10, driver: { type: 'haproxy', backend: 'erp', baseline: ['old1', 'old2'], candidate: ['new1'] } },
  mutates: true,
  describe: ({ weight }) => `send ${weight}% of the traffic to the candidate`,
  target: 'hosts',
  idempotency: 'safe',
  executeHost: async ({ weight, driver }, context) => {
    if (driver.type === 'haproxy') return setHaproxyWeight(weight, driver, context);
    const { changed, previous } = await setByCommand(weight, driver, context);
    return {
      status: changed ? 'changed' : 'ok',
      outputs: { weight, previousWeight: previous ?? null },
      summary: `${previous ?? 'unknown'} → ${weight}%`,
    };
  },
  preview: async ({ weight, driver }) => {
    if (driver.type === 'command') return { type: 'note', text: `candidate gets ${weight}% by command` };
    const sides = weightsFor(weight, { baseline: driver.baseline.length, candidate: driver.candidate.length });
    const words = (names: readonly string[], each: number) => names.map((name) => `${name} ${each}`).join(', ');
    const text = `candidate gets ${weight}% of ${driver.backend}: ${words(driver.baseline, sides.baseline)}; ${words(driver.candidate, sides.candidate)}`;
    return { type: 'note', text };
  },
  undo: (input) => ({ uses: 'traffic.setWeight', with: { ...input, weight: 0 }, first: 'traffic' }),
});
