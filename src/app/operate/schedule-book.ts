import { z } from 'zod';
import type { Store } from '../../store/index.ts';
import { changeDocument, documentsIn, toJson } from './documents.ts';

/** How the last fire of a schedule went. `started` says nothing of how its run ended. */
export const LastFire = z.object({
  fireAt: z.number(),
  outcome: z.enum(['started', 'checked', 'skipped', 'refused', 'dropped']),
  /** When that was known. */
  at: z.number(),
  runId: z.string().optional(),
  code: z.string().optional(),
  reason: z.string().optional(),
});
export type LastFire = z.output<typeof LastFire>;

/** What is kept of a schedule. */
export const ScheduleRecord = z.object({
  repository: z.string().optional(),
  runbook: z.string(),
  /** Every fire up to here is in the queue, or was left out on purpose. */
  cursor: z.number(),
  /** When it was first found missing in its default branch. */
  goneSince: z.number().optional(),
  /** Fires that nobody was there for, and that are not made up for. */
  missed: z.number(),
  last: LastFire.optional(),
});
export type ScheduleRecord = z.output<typeof ScheduleRecord>;

export const SCHEDULES = 'schedules';

export async function* scheduleRecords(store: Store): AsyncGenerator<{ readonly key: string; readonly record: ScheduleRecord; readonly version: number }> {
  for await (const { key, value, version } of documentsIn(store, SCHEDULES)) yield { key, version, record: ScheduleRecord.parse(value) };
}

/** Note how a fire went; an older one does not cover a newer one. */
export async function noteFire(store: Store, key: string, last: LastFire): Promise<void> {
  await changeDocument(store, { collection: SCHEDULES, key }, (value) => {
    if (value === undefined) return undefined;
    const record = ScheduleRecord.parse(value);
    return (record.last?.fireAt ?? -Infinity) > last.fireAt ? undefined : toJson({ ...record, last });
  });
}
