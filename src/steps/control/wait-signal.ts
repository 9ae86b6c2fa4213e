import { z } from 'zod';
import { PATTERN } from '../../core/pattern.ts';
import { Duration } from '../fields.ts';
import { defineStep } from '../kind.ts';

/** Wait for a signal from outside (`slipway signal <run> <name>`); without `timeout` it waits as long as its phase may. */
export const waitSignal = defineStep({
  uses: 'wait.signal',
  summary: 'wait for a signal from outside',
  with: z.strictObject({
    name: z.string().regex(PATTERN.id, { error: 'not a signal name; use letters, digits and hyphens' }),
    timeout: Duration.optional(),
  }),
  outputs: z.strictObject({ signal: z.string(), payload: z.json(), by: z.string() }),
  example: { name: 'data-synced', timeout: '6h' },
  mutates: false,
  describe: ({ name }) => `wait for signal ${name}`,
  target: 'control',
  wait: ({ name, timeout }, now) => ({ type: 'signal', name, ...(timeout === undefined ? {} : { deadline: now + timeout }) }),
});
