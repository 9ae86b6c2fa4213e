import { z } from 'zod';
import { Duration, Secretable } from '../fields.ts';
import { parseJsonPath } from './expect.ts';

const JsonPath = z.string().refine((path) => parseJsonPath(path) !== undefined, { error: 'not a JSON path; write for example $.status or $.items[0].id' });

export const HttpExpect = z.strictObject({
  status: z
    .union([z.int().min(100).max(599), z.array(z.int().min(100).max(599)).min(1)])
    .optional()
    .meta({ description: 'status or list of statuses; 200 to 299 when absent' }),
  bodyContains: z.string().min(1).optional(),
  jsonPath: z
    .union([JsonPath, z.record(JsonPath, z.json())])
    .optional()
    .meta({ description: 'a path that must exist, or paths with the values they must have' }),
  maxLatency: Duration.optional(),
});
export type HttpExpect = z.output<typeof HttpExpect>;

export const HttpCheck = z.strictObject({
  url: z.url({ protocol: /^https?$/, error: 'not an http or https address' }),
  method: z.enum(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']).default('GET'),
  headers: z.record(z.string().regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/, { error: 'not a header name' }), Secretable).default({}),
  body: z.string().optional(),
  expect: HttpExpect.default({}),
  timeout: Duration.optional().meta({ description: 'of one request; 10s when absent' }),
  attempts: z.int().min(1).max(1_000).default(1).meta({ description: 'requests until one passes' }),
  interval: Duration.optional().meta({ description: 'between attempts; 2s when absent' }),
  followRedirects: z.boolean().default(false),
});
export type HttpCheck = z.output<typeof HttpCheck>;
