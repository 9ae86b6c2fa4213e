import { z } from 'zod';
import { Cidr, Ownership, wholeNumber } from '../shared/index.ts';

/** Configuration of the front stack; `owner` and `costCenter` are required. */
export const Settings = z.strictObject({
  ...Ownership,
  networkCidr: Cidr.default('10.40.0.0/16'),
  image: z
    .string()
    .regex(/^[\w./-]+(:[\w.-]+|@sha256:[0-9a-f]{64})$/, { error: 'is not an image with a tag or digest; write for example registry.example.com/front:1.4.2' })
    .default('mcr.microsoft.com/k8se/quickstart:latest'),
  port: wholeNumber(1, 65_535).default(8080),
  minReplicas: wholeNumber(1, 30).default(2),
  maxReplicas: wholeNumber(1, 30).default(10),
});
export type Settings = z.output<typeof Settings>;
