import { z } from 'zod';
import { type Json, Secret, SlipwayError } from '../../core/index.ts';
import { Secretable, StackName } from '../fields.ts';
import { defineStep } from '../kind.ts';
import type { StackTarget } from '../ports.ts';
import { Share } from './shape.ts';

const ConfigKey = z.string().regex(/^[A-Za-z0-9_.-]+(:[A-Za-z0-9_.-]+)?$/, { error: 'not a config key; write key or namespace:key' });
const Input = z.strictObject({
  stack: StackName,
  weight: Share.meta({ description: 'share of the candidate, in percent' }),
  key: ConfigKey.meta({ description: 'config key of the stack that holds the share' }),
  config: z
    .record(ConfigKey, z.union([Secretable, z.json()]))
    .default({})
    .meta({ description: 'the rest of the stack configuration; the same as in its pulumi.up step' }),
  output: z.string().min(1).optional().meta({ description: 'output of the stack that must equal the share afterwards' }),
});
type Input = z.output<typeof Input>;

/** Give the candidate side a share of the requests by a configuration key of the stack that holds the balancer. */
export const setStackWeight = defineStep({
  uses: 'traffic.setStackWeight',
  summary: 'give the new side a share of the traffic, by configuration of a stack',
  with: Input,
  outputs: z.strictObject({ weight: Share, counts: z.record(z.string(), z.int()) }),
  example: { stack: 'azure-front/prod', key: 'front:candidateWeight', weight: 10, output: 'candidateWeight' },
  mutates: true,
  describe: ({ stack, weight }) => `send ${weight}% of the traffic to the candidate (${stack})`,
  target: 'stack',
  // Pulumi converges: running the same configuration again ends in the same state.
  idempotency: 'safe',
  execute: async (input, { checkout, log, ports, runId, signal }) => {
    const result = await ports.pulumi.up(targetOf(input, checkout, runId), { signal, onProgress: log });
    verify(input, result.outputs);
    const { same = 0, ...changes } = result.counts;
    const changed = Object.values(changes).reduce((sum, count) => sum + count, 0);
    return {
      status: changed > 0 ? 'changed' : 'ok',
      outputs: { weight: input.weight, counts: { ...changes, same } },
      summary: `candidate has ${input.weight}%`,
    };
  },
  preview: async (input, { checkout, ports, signal }) => {
    const target = targetOf(input, checkout, 'plan');
    const state = await ports.pulumi.state(target, { signal });
    const preview = await ports.pulumi.preview(target, 'up', { signal });
    return { type: 'stack', stack: input.stack, operation: 'up', stateDigest: state.digest, preview };
  },
  undo: ({ output, ...input }) => ({
    uses: 'traffic.setStackWeight',
    with: { ...input, config: plain(input.config), ...(output === undefined ? {} : { output }), weight: 0 },
    first: 'traffic',
  }),
});

function targetOf({ stack, key, weight, config }: Input, checkout: string, runId: string): StackTarget {
  const [program = '', name = ''] = stack.split('/');
  return { program, name, checkout, runId, config: { ...config, [key]: String(weight) } };
}

function verify({ stack, output, weight }: Input, outputs: { readonly [name: string]: Json | Secret }): void {
  if (output === undefined) return;
  const found = outputs[output];
  if (found !== undefined && !(found instanceof Secret) && Number(found) === weight) return;
  throw new SlipwayError('TRAFFIC_NOT_APPLIED', `${stack} says ${output} = ${String(JSON.stringify(found))} after the share was set to ${weight}`, {
    retry: 'afterBackoff',
    hint: `does the program of the stack export "${output}" from its configuration?`,
  });
}

/** A plan never holds a secret: undo is asked for while configuration is still text with expressions in it. */
function plain(config: Input['config'] | undefined): { readonly [key: string]: Json } {
  return Object.fromEntries(
    Object.entries(config ?? {}).map(([key, value]) => {
      if (value instanceof Secret) throw new TypeError(`${key} is already unsealed`);
      return [key, value];
    }),
  );
}
