import { digestOf, type Json, type JsonObject } from '../../core/index.ts';
import type { LoadedRunbook, Schedule } from '../../runbook/index.ts';
import type { Head } from './heads.ts';

/** Something that happens at times which a runbook of a default branch names. */
export interface Scheduled {
  /** The same as long as what happens and when stays the same: a schedule that was changed is a new one. */
  readonly key: string;
  readonly kind: 'run' | 'drift';
  readonly repository?: string;
  readonly runbook: string;
  readonly cron: string;
  readonly timeZone: string;
  readonly overlap: NonNullable<Schedule['overlap']>;
  readonly catchUp: boolean;
  readonly inputs: JsonObject;
}
const DIGITS = 10;

/** Every schedule of a default branch; none while it has mistakes. */
export function schedulesOf({ repository, estate }: Head): readonly Scheduled[] {
  if (!estate.ok) return [];
  return [...estate.value.repository.runbooks.values()].flatMap((runbook) => schedulesIn(runbook, repository));
}

function schedulesIn({ name, runbook }: LoadedRunbook, repository: string | undefined): readonly Scheduled[] {
  const runs = (runbook.triggers ?? []).flatMap((trigger) => ('schedule' in trigger ? [made('run', trigger.schedule, { name, repository })] : []));
  const drift = runbook.drift ? [made('drift', runbook.drift.schedule, { name, repository })] : [];
  // Twice the same is once.
  return [...new Map([...runs, ...drift].map((scheduled) => [scheduled.key, scheduled])).values()];
}

function made(kind: Scheduled['kind'], schedule: Schedule, of: { readonly name: string; readonly repository: string | undefined }): Scheduled {
  const { cron, timeZone = 'UTC', overlap = 'skip', catchUp = false } = schedule;
  const inputs = (schedule.inputs ?? {}) satisfies { readonly [name: string]: Json };
  const id = digestOf([cron, timeZone, inputs]).slice('sha256:'.length).slice(0, DIGITS);
  return {
    ...{ key: `${of.repository ?? ''}/${of.name}#${kind}-${id}`, kind, runbook: of.name, cron, timeZone, overlap, catchUp, inputs },
    ...(of.repository === undefined ? {} : { repository: of.repository }),
  };
}
