import { z } from 'zod';
import { formatDuration } from '../../core/pure.ts';
import { Duration } from '../fields.ts';
import { defineStep } from '../kind.ts';

/** Wait for a fixed time, for example to let a new weight settle. */
export const pause = defineStep({
  uses: 'pause',
  summary: 'wait for a fixed time',
  with: z.strictObject({ duration: Duration }),
  outputs: z.strictObject({}),
  example: { duration: '10m' },
  mutates: false,
  describe: ({ duration }) => `pause ${formatDuration(duration)}`,
  target: 'control',
  wait: ({ duration }, now) => ({ type: 'timer', until: now + duration }),
});
