import * as pulumi from '@pulumi/pulumi';
import { z } from 'zod';

/** An IPv4 range such as 10.20.0.0/16, no smaller than /24 so that subnets fit. */
export const Cidr = z.string().regex(/^(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)\/(?:1[6-9]|2[0-4])$/, {
  error: 'is not an IPv4 range from /16 to /24; write for example 10.20.0.0/16',
});

/** Who owns a resource and who pays for it; policies ask for both on every resource. */
export const Ownership = {
  owner: z
    .string({ error: 'is missing; name the team that answers for this stack, for example team-erp' })
    .regex(/^[a-z][a-z0-9-]{1,62}$/, { error: 'is not a team; write for example team-erp' }),
  costCenter: z
    .string({ error: 'is missing; give the cost center that pays, for example "4711"' })
    .min(1, { error: 'is empty; give the cost center that pays, for example "4711"' }),
};

/** A whole number written as text, in a range. */
export function wholeNumber(from: number, to: number): z.ZodType<number> {
  const error = `is not a whole number from ${from} to ${to}`;
  return z.coerce.number({ error }).int({ error }).min(from, { error }).max(to, { error });
}

/**
 * Read and check the whole configuration of the running stack.
 *
 * @throws {Error} named `ConfigError`, with every mistake in one message; Slipway reports it as `PULUMI_CONFIG`.
 */
export function readConfig<T extends z.ZodObject>(schema: T): z.output<T> {
  const parsed = schema.safeParse(ownConfig());
  if (parsed.success) return parsed.data;
  const lines = parsed.error.issues.map((issue) =>
    issue.code === 'unrecognized_keys'
      ? `${issue.keys.join(', ')} is not known to this stack; known are ${Object.keys(schema.shape).join(', ')}`
      : `${issue.path.join('.')} ${issue.message}`,
  );
  throw configError(lines.join('; '));
}

/** What a program throws for wrong configuration; Slipway tells it apart from a mistake in the program by its name. */
export function configError(message: string): Error {
  const error = new Error(`configuration of ${pulumi.getProject()}/${pulumi.getStack()}: ${message}`);
  error.name = 'ConfigError';
  return error;
}

/** Values of this project's own keys, without the prefix. */
function ownConfig(): Record<string, string> {
  const prefix = `${pulumi.getProject()}:`;
  const all = Object.entries(pulumi.runtime.allConfig());
  return Object.fromEntries(all.filter(([key]) => key.startsWith(prefix)).map(([key, value]) => [key.slice(prefix.length), value]));
}
