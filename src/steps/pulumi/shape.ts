import { z } from 'zod';
import { Secretable, StackName } from '../fields.ts';

/** `key` of the program, or `provider:key`. */
export const ConfigKey = z.string().regex(/^[A-Za-z0-9_.-]+(:[A-Za-z0-9_.-]+)?$/, { error: 'not a config key; write key or namespace:key' });
const Urn = z.string().regex(/^urn:pulumi:/, { error: 'not the URN of a resource; "pulumi stack --show-urns" lists them' });

/** What every stack step may say. */
export const StackWords = {
  stack: StackName,
  config: z
    .record(ConfigKey, z.union([Secretable, z.json()]))
    .default({})
    .meta({ description: 'configuration of the stack, all of it: key or provider:key' }),
  message: z.string().min(1).max(500).optional().meta({ description: 'kept in the history of the stack; the run and the step unless told' }),
};
/** For steps that may touch a part of a stack only. */
export const Targets = { targets: z.array(Urn).min(1).optional().meta({ description: 'only these resources, by URN' }) };
export const ExpectNoChanges = { expectNoChanges: z.boolean().default(false).meta({ description: 'fail, and touch nothing, when anything would change' }) };

/** What every stack step hands on. */
export const StackOutputs = z.strictObject({
  stack: StackName,
  outputs: z.record(z.string(), z.unknown()).meta({ description: 'outputs of the stack; secret ones stay secret' }),
  counts: z.record(z.string(), z.int()).meta({ description: 'resources by what happened: create, update, replace, delete, same' }),
  stateDigest: z.string().meta({ description: 'digest of the recorded resources afterwards' }),
});

/** A parsed `with` of any stack step. */
export interface StackInput {
  readonly stack: string;
  readonly config: z.output<typeof StackWords.config>;
  readonly message?: string | undefined;
  readonly targets?: string[] | undefined;
}
