import { z } from 'zod';
import { PATTERN } from '../core/pattern.ts';
import { parseDuration, Secret } from '../core/pure.ts';

/** `30s`, `10m`, `1h30m` or ISO 8601 `PT30S`; becomes milliseconds. */
export const Duration = z
  .string()
  .refine((text) => parseDuration(text) !== undefined, { error: 'not a duration; write for example 30s, 10m, 1h30m or PT30S' })
  .transform((text) => parseDuration(text) ?? 0)
  .meta({ description: 'a duration: 30s, 10m, 1h30m, or ISO 8601', examples: ['30s', '10m', '1h30m'] });

/** `5%`, `0.1%`; becomes a fraction: 0.05, 0.001. */
export const Percent = z
  .string()
  .regex(/^\d+(\.\d+)?%$/, { error: 'not a percentage; write for example 10% or 0.1%' })
  .transform((text) => Number(text.slice(0, -1)) / 100)
  .meta({ description: 'a percentage such as 10% or 0.1%' });

/** `<program>/<stack>`: a folder under stacks/ and a Pulumi stack of it. */
export const StackName = z
  .string()
  .regex(PATTERN.stack, { error: 'not a stack; write <folder under stacks>/<stack name>, for example aws-analytics/prod' })
  .meta({ description: 'folder under stacks/, slash, Pulumi stack name' });

/** Text that may come from a secret; the only places where a secret expression is accepted. */
export const Secretable = z.union([z.string(), z.instanceof(Secret)]).meta({ description: 'text; may be a secret', slipwaySecret: true });

/** Names and values for the environment of a remote command; the only way a value reaches a shell. */
export const Env = z.record(z.string().regex(PATTERN.env, { error: 'not an environment variable name' }), z.union([Secretable, z.number(), z.boolean()]));
