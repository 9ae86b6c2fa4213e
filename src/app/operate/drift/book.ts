import { z } from 'zod';
import type { Store } from '../../../store/index.ts';
import { documentsIn } from '../documents.ts';

/** One thing that is not as the last run left it. `what` is a stack or a host, `path` the step that made it so. */
export const DriftFinding = z.object({ path: z.string(), what: z.string(), changes: z.array(z.string()) });
export type DriftFinding = z.output<typeof DriftFinding>;

/** How the last look at what a runbook left went. Times are milliseconds since the epoch. */
export const DriftRecord = z.object({
  repository: z.string().exactOptional(),
  runbook: z.string(),
  /** When it was looked. */
  at: z.number(),
  state: z.enum(['clean', 'drifted', 'unknown']),
  /** Why nothing is known, or what could not be looked at. */
  reasons: z.array(z.string()),
  findings: z.array(DriftFinding),
  /** How many stacks and steps on hosts were compared. */
  compared: z.number(),
  /** Run that says how it should be. */
  runId: z.string().exactOptional(),
  /** First look that found it so; for drift only. */
  since: z.number().exactOptional(),
  /** Of the findings. */
  digest: z.string().exactOptional(),
});
export type DriftRecord = z.output<typeof DriftRecord>;

export const DRIFT = 'drift';

export function driftKey({ repository, runbook }: { readonly repository?: string | undefined; readonly runbook: string }): string {
  return `${repository ?? ''}/${runbook}`;
}

/** The last look at each runbook, in the order of their names. */
export async function driftRecords(store: Store): Promise<readonly DriftRecord[]> {
  const records: DriftRecord[] = [];
  for await (const { value } of documentsIn(store, DRIFT)) records.push(DriftRecord.parse(value));
  return records;
}
