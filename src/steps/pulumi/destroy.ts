import { z } from 'zod';
import { defineStep } from '../kind.ts';
import { operate, previewOf, probe } from './operate.ts';
import { StackOutputs, StackWords, Targets } from './shape.ts';

/** Delete the resources of a stack; the empty stack and its history stay. */
export const pulumiDestroy = defineStep({
  uses: 'pulumi.destroy',
  summary: 'delete the resources of a stack',
  with: z.strictObject({ ...StackWords, ...Targets }),
  outputs: StackOutputs,
  example: { stack: 'aws-analytics/prod' },
  mutates: true,
  describe: ({ stack }) => `destroy ${stack}`,
  target: 'stack',
  idempotency: 'probe',
  execute: (input, context) => operate(input, context, (target, control) => context.ports.pulumi.destroy(target, control)),
  probe,
  preview: (input, context) => previewOf(input, 'destroy', context),
});
