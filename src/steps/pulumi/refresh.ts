import { z } from 'zod';
import { defineStep } from '../kind.ts';
import { operate, previewOf, probe, refuseChanges, targetOf, whileBeating } from './operate.ts';
import { ExpectNoChanges, StackOutputs, StackWords, Targets } from './shape.ts';

/** Bring the recorded state of a stack to what is in the cloud; nothing in the cloud changes. */
export const pulumiRefresh = defineStep({
  uses: 'pulumi.refresh',
  summary: 'read the resources of a stack from the cloud into its state',
  with: z.strictObject({
    ...StackWords,
    ...ExpectNoChanges,
    ...Targets,
    clearPendingCreates: z.boolean().default(false).meta({ description: 'forget creates that were interrupted, after somebody looked in the cloud' }),
  }),
  outputs: StackOutputs,
  example: { stack: 'aws-analytics/prod' },
  mutates: true,
  describe: ({ stack }) => `refresh ${stack}`,
  target: 'stack',
  idempotency: 'probe',
  execute: async (input, context) => {
    const { pulumi } = context.ports;
    const { clearPendingCreates } = input;
    if (input.expectNoChanges)
      refuseChanges(input.stack, await whileBeating(context, (control) => pulumi.preview(targetOf(input, context), 'refresh', control)));
    return operate(input, context, (target, control) => pulumi.refresh({ ...target, options: { ...target.options, clearPendingCreates } }, control));
  },
  probe,
  preview: (input, context) => previewOf(input, 'refresh', context),
});
