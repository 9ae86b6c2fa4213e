import type { KpiRun } from './facts.ts';

/** Median and 90th percentile of what was measured, milliseconds; of nothing, nothing is said. */
export interface Spread {
  readonly count: number;
  readonly medianMs?: number;
  readonly p90Ms?: number;
}
export interface SlaFigures {
  readonly id: string;
  /** As the newest run has it. */
  readonly agreedMs: number;
  readonly runs: number;
  readonly kept: number;
}
/** How changes went. A deployment is a run that began and has ended, other than one that undoes another; rehearsals and called runs count for nothing. */
export interface Figures {
  readonly deployments: number;
  readonly succeeded: number;
  /** Failed, were rolled back, or were undone afterwards. */
  readonly failed: number;
  readonly cancelled: number;
  readonly perWeek: number;
  /** Share of the deployments that were not cancelled; absent without any. */
  readonly failureRate?: number;
  /** From the commit to the end of the run that brought it. */
  readonly leadTime: Spread;
  readonly duration: Spread;
  /** Waiting for people in runs that waited for any. */
  readonly approval: Spread;
  /** From a failure until the old side served again, or until a later run of the same runbook succeeded. */
  readonly restore: Spread;
  /** Failures that nothing has restored yet. */
  readonly unrestored: number;
  readonly sla: readonly SlaFigures[];
}
export interface Kpis {
  readonly from: number;
  readonly to: number;
  readonly all: Omit<Figures, 'sla'>;
  readonly runbooks: readonly (Figures & { readonly runbook: string })[];
}
export interface KpiWindow {
  /** Runs that ended in it count. Milliseconds since the epoch. */
  readonly from: number;
  readonly to: number;
  /** When a commit was made; undefined for one that nobody knows here. */
  readonly committedAt: (commit: string) => number | undefined;
}
const WEEK_MS = 7 * 86_400_000;

/** The figures of a time. Pure; `runs` also holds what came after a failure, up to now. */
export function kpisOf(runs: readonly KpiRun[], window: KpiWindow): Kpis {
  const history = historyOf(runs);
  const counted = runs.filter((run) => counts(run, window));
  const byRunbook = [...Map.groupBy(counted, ({ runbook }) => runbook)].sort(([a], [b]) => (a < b ? -1 : 1));
  const { from, to } = window;
  return {
    ...{ from, to, all: figuresOf(counted, history, window) },
    runbooks: byRunbook.map(([runbook, those]) => ({ runbook, ...figuresOf(those, history, window), sla: slaOf(those) })),
  };
}

function counts({ startedAt, finishedAt, rollbackOf }: KpiRun, { from, to }: KpiWindow): boolean {
  return rollbackOf === undefined && startedAt !== undefined && finishedAt !== undefined && finishedAt >= from && finishedAt <= to;
}

interface History {
  /** When a run was undone by another one. */
  readonly undone: ReadonlyMap<string, { readonly askedAt: number; readonly doneAt?: number }>;
  /** Ends of successes, oldest first, by runbook. */
  readonly successes: ReadonlyMap<string, readonly number[]>;
}

function historyOf(runs: readonly KpiRun[]): History {
  const undone = new Map<string, { readonly askedAt: number; readonly doneAt?: number }>();
  for (const { rollbackOf, createdAt, finishedAt, state } of runs) {
    if (rollbackOf === undefined) continue;
    const isDone = finishedAt !== undefined && (state === 'succeeded' || state === 'rolledBack');
    undone.set(rollbackOf, { askedAt: createdAt, ...(isDone ? { doneAt: finishedAt } : {}) });
  }
  const good = runs.filter(({ state, rollbackOf }) => state === 'succeeded' && rollbackOf === undefined);
  const ends = [...Map.groupBy(good, ({ runbook }) => runbook)].map(
    ([runbook, those]) => [runbook, those.flatMap(({ finishedAt }) => finishedAt ?? []).sort((a, b) => a - b)] as const,
  );
  return { undone, successes: new Map(ends) };
}

function figuresOf(runs: readonly KpiRun[], history: History, { from, to, committedAt }: KpiWindow): Omit<Figures, 'sla'> {
  const cancelled = runs.filter(({ state }) => state === 'cancelled').length;
  const failures = runs.filter((run) => hasFailed(run, history));
  const good = runs.filter((run) => run.state === 'succeeded' && !history.undone.has(run.runId));
  const judged = failures.length + good.length;
  const restored = failures.map((run) => restoreMs(run, history));
  return {
    ...{ deployments: runs.length, succeeded: good.length, failed: failures.length, cancelled },
    perWeek: to > from ? (good.length * WEEK_MS) / (to - from) : 0,
    ...(judged === 0 ? {} : { failureRate: failures.length / judged }),
    leadTime: spreadOf(good.flatMap((run) => leadMs(run, committedAt) ?? [])),
    duration: spreadOf(runs.map(({ startedAt = 0, finishedAt = 0 }) => Math.max(0, finishedAt - startedAt))),
    approval: spreadOf(runs.flatMap(({ waitedMs }) => (waitedMs > 0 ? [waitedMs] : []))),
    restore: spreadOf(restored.flatMap((ms) => ms ?? [])),
    unrestored: restored.filter((ms) => ms === undefined).length,
  };
}

function hasFailed({ runId, state }: KpiRun, { undone }: History): boolean {
  return state === 'failed' || state === 'rolledBack' || state === 'rollbackFailed' || (state === 'succeeded' && undone.has(runId));
}

function leadMs({ commit, finishedAt }: KpiRun, committedAt: KpiWindow['committedAt']): number | undefined {
  const at = commit === undefined ? undefined : committedAt(commit);
  return at === undefined || finishedAt === undefined ? undefined : Math.max(0, finishedAt - at);
}

/** Whichever came first: its own rollback, the run that undid it, or the next that succeeded. */
function restoreMs({ runId, runbook, rollback, finishedAt = 0 }: KpiRun, { undone, successes }: History): number | undefined {
  const undoing = undone.get(runId);
  const failedAt = rollback?.requestedAt ?? undoing?.askedAt ?? finishedAt;
  const next = successes.get(runbook)?.find((at) => at > failedAt && at !== finishedAt);
  const ends = [rollback?.restoredAt, undoing?.doneAt, next].filter((at) => at !== undefined);
  return ends.length === 0 ? undefined : Math.max(0, Math.min(...ends) - failedAt);
}

function slaOf(runs: readonly KpiRun[]): readonly SlaFigures[] {
  const newest = runs.toSorted((a, b) => (b.finishedAt ?? 0) - (a.finishedAt ?? 0));
  const grouped = Map.groupBy(
    newest.flatMap(({ sla }) => sla),
    ({ id }) => id,
  );
  return [...grouped].map(([id, those]) => ({ id, agreedMs: those[0]?.agreedMs ?? 0, runs: those.length, kept: those.filter(({ kept }) => kept).length }));
}

function spreadOf(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] ?? 0;
  return sorted.length === 0 ? { count: 0 } : { count: sorted.length, medianMs: at(0.5), p90Ms: at(0.9) };
}
