import { z } from 'zod';
import { PATTERN } from '../../core/pattern.ts';
import { defineStep } from '../kind.ts';

/** Run another runbook as a child run and wait for its end. The child was planned, judged and approved with this plan. */
export const runbookCall = defineStep({
  uses: 'runbook.call',
  summary: 'run another runbook and wait for it',
  with: z.strictObject({
    runbook: z.string().regex(PATTERN.id, { error: 'not the name of a runbook' }),
    inputs: z.record(z.string().regex(PATTERN.id), z.json().meta({ slipwaySecret: true })).default({}),
  }),
  // Whatever the child's own `outputs` name.
  outputs: z.looseObject({}),
  example: { runbook: 'patch-hosts', inputs: { size: 'm' } },
  // The child's own steps are judged one by one; the call itself changes nothing.
  mutates: false,
  describe: ({ runbook }) => `run ${runbook}`,
  target: 'control',
  wait: ({ runbook, inputs }) => ({ type: 'call', runbook, inputs }),
});
