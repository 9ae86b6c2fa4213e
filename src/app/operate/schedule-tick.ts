import { firesBetween } from '../../plan/index.ts';
import { SlipwayError } from '../../core/index.ts';
import { ignoringConflicts, toJson } from './documents.ts';
import type { Head } from './heads.ts';
import type { Operating } from './operating.ts';
import { SCHEDULES, ScheduleRecord, scheduleRecords } from './schedule-book.ts';
import { type Scheduled, schedulesOf } from './scheduled.ts';
import { NO_END } from './work.ts';

export const FIRES = 'fires';
/** Most fires that are made up for after a time when nobody was there; the newest ones. */
export const MOST_CAUGHT_UP = 24;
/** Older fires than this are not even counted. */
const FURTHEST_MS = 31 * 86_400_000;
/** A schedule that was missing for less than this was missing only for a process that has an older clone. */
const FLAPPING_MS = 10 * 60_000;

/**
 * Put into the queue what has become due since the last look. Durable in this order: first the fires, under ids that follow from schedule and time, then the
 * mark up to which they are there; so a crash, or two processes at once, neither lose nor double one.
 *
 * @throws {SlipwayError} `REPOSITORY_INVALID` after everything else was done, when a default branch has mistakes.
 */
export async function tickSchedules(operating: Operating, heads: readonly Head[]): Promise<void> {
  const all = heads.flatMap(schedulesOf);
  for (const scheduled of all) await ignoringConflicts(() => advance(operating, scheduled));
  await noteGone(operating, heads, new Set(all.map(({ key }) => key)));
  const broken = heads.find(({ estate }) => !estate.ok);
  if (!broken) return;
  const count = broken.estate.problems.filter(({ severity }) => severity === 'error').length;
  throw new SlipwayError(
    'REPOSITORY_INVALID',
    `the default branch has ${count} mistake${count === 1 ? '' : 's'} at ${broken.commit.slice(0, 12)}, and no schedule of it counts`,
    {
      hint: '"slipway validate" lists them',
    },
  );
}

async function advance({ store, clock }: Operating, scheduled: Scheduled): Promise<void> {
  const { key, runbook, repository, cron, timeZone, catchUp } = scheduled;
  const now = clock.now();
  const found = await store.documents.get(SCHEDULES, key);
  if (!found) {
    // Nothing of before it was there is made up for.
    await store.documents.put(SCHEDULES, key, toJson({ runbook, repository, cursor: now, missed: 0 }), { ifVersion: 0 });
    return;
  }
  const { goneSince, ...record } = ScheduleRecord.parse(found.value);
  const wasGone = goneSince !== undefined && now - goneSince > FLAPPING_MS;
  const after = wasGone ? now : Math.max(record.cursor, now - FURTHEST_MS);
  const fires = firesBetween({ cron, timeZone }, { after, until: now });
  if (fires.length === 0 && goneSince === undefined) return;
  const due = fires.slice(catchUp ? -MOST_CAUGHT_UP : -1);
  for (const fireAt of due) {
    const id = `${key}@${new Date(fireAt).toISOString()}`;
    await store.queues.enqueue(FIRES, { id, orderKey: key, payload: toJson({ ...scheduled, fireAt }), maxAttempts: NO_END });
  }
  const next = { ...record, cursor: Math.max(record.cursor, now), missed: record.missed + fires.length - due.length };
  await store.documents.put(SCHEDULES, key, toJson(next), { ifVersion: found.version });
}

/** A schedule that comes back begins anew: what it would have done meanwhile nobody wanted. */
async function noteGone({ store, clock }: Operating, heads: readonly Head[], there: ReadonlySet<string>): Promise<void> {
  const readable = new Set(heads.flatMap(({ estate, repository }) => (estate.ok ? [repository ?? ''] : [])));
  for await (const { key, record, version } of scheduleRecords(store)) {
    if (there.has(key) || record.goneSince !== undefined || !readable.has(record.repository ?? '')) continue;
    await ignoringConflicts(() => store.documents.put(SCHEDULES, key, toJson({ ...record, goneSince: clock.now() }), { ifVersion: version }));
  }
}
