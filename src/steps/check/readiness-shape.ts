import { z } from 'zod';
import { parseLimit } from './limit.ts';

const limit = (unit: 'share' | 'number' | 'duration', example: string) =>
  z
    .string()
    .refine((text) => parseLimit(text, unit) !== undefined, { error: `not a limit; write for example "${example}"` })
    .meta({ examples: [example] });

export const ReadinessInput = z
  .strictObject({
    disk: z
      .union([limit('share', '>20%'), z.record(z.string().regex(/^\/[^\n]*$/, { error: 'not an absolute path' }), limit('share', '>20%'))])
      .optional()
      .meta({ description: 'free space: of / , or of each path' }),
    memory: limit('share', '>10%').optional().meta({ description: 'memory available for new programs, as a share of all' }),
    cpuLoad: limit('number', '<0.8').optional().meta({ description: 'load average of the last minute per processor' }),
    clock: limit('duration', '<1s').optional().meta({ description: "difference between the host's clock and ours" }),
    listening: z.array(z.int().min(1).max(65_535)).optional().meta({ description: 'TCP ports something must listen on' }),
    free: z.array(z.int().min(1).max(65_535)).optional().meta({ description: 'TCP ports nothing may listen on' }),
    files: z
      .array(z.string().regex(/^\/[^\n]*$/, { error: 'not an absolute path' }))
      .optional()
      .meta({ description: 'paths that must exist' }),
  })
  .refine((input) => Object.keys(input).length > 0, { error: 'nothing to check; write for example disk: ">20%"' });
export type ReadinessInput = z.output<typeof ReadinessInput>;

/** What a host says about itself; a fact it could not tell is absent. Shares are fractions from 0 to 1. */
export type Facts = {
  readonly diskFree: { readonly [path: string]: number };
  readonly files: readonly string[];
  readonly memoryAvailable?: number;
  readonly cpuLoad?: number;
  /** The least difference between the host's clock and ours that explains its answer. */
  readonly clockOffsetMs?: number;
  readonly listeningPorts?: readonly number[];
};

/** The paths whose free space is asked for, with their limits. */
export function disksOf({ disk }: ReadinessInput): readonly (readonly [path: string, limit: string])[] {
  if (disk === undefined) return [];
  return typeof disk === 'string' ? [['/', disk]] : Object.entries(disk);
}
