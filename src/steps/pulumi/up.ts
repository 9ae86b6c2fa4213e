import { z } from 'zod';
import { defineStep } from '../kind.ts';
import { operate, previewOf, probe, refuseChanges, targetOf, whileBeating } from './operate.ts';
import { ExpectNoChanges, StackOutputs, StackWords, Targets } from './shape.ts';

/** Bring a stack to what its program says; the stack is made when it is missing. */
export const pulumiUp = defineStep({
  uses: 'pulumi.up',
  summary: 'create or update a stack',
  with: z.strictObject({ ...StackWords, ...ExpectNoChanges, ...Targets }),
  outputs: StackOutputs,
  example: { stack: 'aws-analytics/prod', config: { 'aws:region': 'eu-central-1', owner: 'team-erp', costCenter: '4711' } },
  mutates: true,
  describe: ({ stack }) => `update ${stack}`,
  target: 'stack',
  idempotency: 'probe',
  execute: async (input, context) => {
    const { pulumi } = context.ports;
    // Before, not after: an update that was not expected must not have happened.
    if (input.expectNoChanges) refuseChanges(input.stack, await whileBeating(context, (control) => pulumi.preview(targetOf(input, context), 'up', control)));
    return operate(input, context, (target, control) => pulumi.up(target, control));
  },
  probe,
  preview: (input, context) => previewOf(input, 'up', context),
});
