import { z } from 'zod';
import { Cidr, Ownership, wholeNumber } from '../shared/index.ts';

/** Configuration of the analytics stack; `owner` and `costCenter` are required. */
export const Settings = z.strictObject({
  ...Ownership,
  vpcCidr: Cidr.default('10.20.0.0/16'),
  zones: wholeNumber(2, 3).default(2),
  instanceType: z
    .string()
    .regex(/^[a-z][a-z0-9-]*\.[a-z0-9]+$/, { error: 'is not an EC2 instance type; write for example m7g.large' })
    .default('m7g.large'),
  instances: wholeNumber(1, 50).default(2),
  volumeGiB: wholeNumber(8, 16_384).default(50),
  retentionDays: wholeNumber(1, 3_650).default(90),
});
export type Settings = z.output<typeof Settings>;
