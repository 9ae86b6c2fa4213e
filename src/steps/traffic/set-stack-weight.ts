import { z } from 'zod';
import { type Json, Secret, SlipwayError } from '../../core/index.ts';
import { StackName } from '../fields.ts';
import { defineStep, type StepContext } from '../kind.ts';
import { hasChanges, previewOf, probe, targetOf, whileBeating } from '../pulumi/operate.ts';
import { ConfigKey, StackWords } from '../pulumi/shape.ts';
import { Share } from './shape.ts';

const Input = z.strictObject({
  stack: StackName,
  weight: Share.meta({ description: 'share of the candidate, in percent' }),
  key: ConfigKey.meta({ description: 'config key of the stack that holds the share' }),
  config: StackWords.config.meta({ description: 'the rest of the stack configuration, all of it: the same as in its pulumi.up step' }),
  output: z.string().min(1).optional().meta({ description: 'output of the stack that must equal the share afterwards' }),
});
type Input = z.output<typeof Input>;

/**
 * Give the candidate side a share of the requests by a configuration key of the stack that holds the balancer: DNS weights, target
 * groups, front doors. Fails with `TRAFFIC_NOT_APPLIED` and the codes of Pulumi.
 */
export const setStackWeight = defineStep({
  uses: 'traffic.setStackWeight',
  summary: 'give the new side a share of the traffic, by configuration of a stack',
  with: Input,
  outputs: z.strictObject({ weight: Share, counts: z.record(z.string(), z.int()) }),
  example: { stack: 'azure-front/prod', key: 'candidateWeight', weight: 10, output: 'candidateWeight' },
  mutates: true,
  describe: ({ stack, weight }) => `send ${weight}% of the traffic to the candidate (${stack})`,
  target: 'stack',
  idempotency: 'probe',
  execute: async (input, context) => {
    const result = await whileBeating(context, (control) => context.ports.pulumi.up(targetOf(stackOf(input), context), control));
    verify(input, result.outputs);
    const status = hasChanges(result.counts) ? 'changed' : 'ok';
    return { status, outputs: { weight: input.weight, counts: { ...result.counts } }, summary: `candidate has ${input.weight}%` };
  },
  probe: (input, context: StepContext) => probe(stackOf(input), context),
  preview: (input, context) => previewOf(stackOf(input), 'up', context),
  undo: ({ output, ...input }) => ({
    uses: 'traffic.setStackWeight',
    with: { ...input, config: plain(input.config), ...(output === undefined ? {} : { output }), weight: 0 },
    first: 'traffic',
  }),
});

function stackOf({ stack, config, key, weight }: Input) {
  return { stack, config: { ...config, [key]: String(weight) } };
}

function verify({ stack, output, weight }: Input, outputs: { readonly [name: string]: Json | Secret }): void {
  if (output === undefined) return;
  const found = outputs[output];
  const text = typeof found === 'string' || typeof found === 'number' ? String(found).trim() : '';
  if (text !== '' && Number(text) === weight) return;
  throw new SlipwayError('TRAFFIC_NOT_APPLIED', `${stack} has ${output} = ${text === '' ? 'nothing' : text} after the share was set to ${weight}`, {
    retry: 'afterBackoff',
    hint: `does the program of the stack export "${output}" from its configuration?`,
  });
}

/** A plan never holds a secret: undo is asked for while configuration is still text with expressions in it, if there is any. */
function plain(config: Input['config'] | undefined): { readonly [key: string]: Json } {
  return Object.fromEntries(
    Object.entries(config ?? {}).map(([key, value]) => {
      if (value instanceof Secret) throw new TypeError(`${key} is already unsealed`);
      return [key, value];
    }),
  );
}
