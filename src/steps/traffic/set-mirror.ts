import { z } from 'zod';
import { defineStep } from '../kind.ts';
import { setByCommand } from './command.ts';
import { setHaproxyMap } from './haproxy-map.ts';
import { CommandDriver, HaproxyMap, Share } from './shape.ts';

/**
 * Copy a share of the requests to the candidate; its answers are thrown away. HAProxy has no mirror switch of its own: its
 * configuration must hold a mirror filter that reads the share from a map, and this step writes the map.
 */
export const setMirror = defineStep({
  uses: 'traffic.setMirror',
  summary: 'copy a share of the requests to the new side and drop its answers',
  with: z.strictObject({
    percent: Share.meta({ description: 'share of the requests that are copied, in percent' }),
    driver: z.discriminatedUnion('type', [HaproxyMap, CommandDriver]),
  }),
  outputs: z.strictObject({ percent: Share, previousPercent: z.number().nullable() }),
  example: { percent: 5, driver: { type: 'haproxy', map: '/etc/haproxy/mirror.map' } },
  mutates: true,
  describe: ({ percent }) => `mirror ${percent}% of the requests to the candidate`,
  target: 'hosts',
  idempotency: 'safe',
  executeHost: async ({ percent, driver }, context) => {
    if (driver.type === 'haproxy') return setHaproxyMap(percent, driver, context);
    const { changed, previous } = await setByCommand(percent, driver, context);
    return {
      status: changed ? 'changed' : 'ok',
      outputs: { percent, previousPercent: previous ?? null },
      summary: `mirror ${previous ?? 'unknown'} → ${percent}%`,
    };
  },
  undo: (input) => ({ uses: 'traffic.setMirror', with: { ...input, percent: 0 }, first: 'traffic' }),
});
