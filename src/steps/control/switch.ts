import { z } from 'zod';
import { defineStep } from '../kind.ts';

/** Choose one of the step's `cases` by a value; numbers and booleans are compared as text. */
export const switchKind = defineStep({
  uses: 'switch',
  summary: 'choose one of several cases by a value',
  with: z.strictObject({ value: z.union([z.string(), z.number(), z.boolean()]) }),
  outputs: z.strictObject({ branch: z.string() }),
  example: { value: 'aws' },
  mutates: false,
  describe: ({ value }) => `switch on ${String(value)}`,
  target: 'control',
  wait: ({ value }) => ({ type: 'branch', branch: String(value) }),
});
