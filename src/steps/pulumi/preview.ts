import { z } from 'zod';
import { StackName } from '../fields.ts';
import { defineStep } from '../kind.ts';
import { hasChanges, previewOf, refuseChanges, targetOf, whileBeating, wordsFor } from './operate.ts';
import { ExpectNoChanges, StackWords, Targets } from './shape.ts';

/** Look at what a stack operation would do; with `expectNoChanges` it is the check for drift before a cutover. */
export const pulumiPreview = defineStep({
  uses: 'pulumi.preview',
  summary: 'look at what a stack operation would do',
  with: z.strictObject({
    ...StackWords,
    operation: z.enum(['up', 'destroy', 'refresh']).default('up').meta({ description: 'refresh compares the recorded state with the cloud' }),
    ...ExpectNoChanges,
    ...Targets,
  }),
  outputs: z.strictObject({ stack: StackName, counts: z.record(z.string(), z.int()), hasChanges: z.boolean(), approximate: z.boolean() }),
  example: { stack: 'aws-analytics/prod', operation: 'refresh', expectNoChanges: true },
  mutates: false,
  describe: ({ stack, operation }) => `preview ${operation} of ${stack}`,
  target: 'stack',
  idempotency: 'safe',
  execute: async (input, context) => {
    const target = targetOf(input, context);
    const preview = await whileBeating(context, (control) => context.ports.pulumi.preview(target, input.operation, control));
    if (input.expectNoChanges) refuseChanges(input.stack, preview);
    const outputs = { stack: input.stack, counts: { ...preview.counts }, hasChanges: hasChanges(preview.counts), approximate: preview.approximate };
    return { status: 'ok', outputs, summary: wordsFor(preview.counts).replace('no changes', 'nothing would change') };
  },
  preview: (input, context) => previewOf(input, input.operation, context),
});
