import { isTerminal } from '../../engine/index.ts';
import { runReport } from '../run/index.ts';
import type { Facts } from '../run/index.ts';

/** What the figures need of one run. Times are milliseconds since the epoch, spans milliseconds. */
export interface KpiRun {
  readonly runId: string;
  readonly runbook: string;
  readonly state: string;
  readonly createdAt: number;
  /** When it was its turn; absent for one that never was. */
  readonly startedAt?: number;
  /** Absent while it goes on. */
  readonly finishedAt?: number;
  /** The commit it ran. */
  readonly commit?: string;
  /** The finished run that this one undoes. */
  readonly rollbackOf?: string;
  readonly rollback?: { readonly requestedAt: number; /** Old side or rest, whichever people got back first. */ readonly restoredAt?: number };
  /** Time that at least one approval or hand-off was asked for and not given. */
  readonly waitedMs: number;
  readonly sla: readonly KpiAgreement[];
}
/** What was agreed for a runbook or one of its phases, and whether this run kept it. */
export interface KpiAgreement {
  readonly id: string;
  readonly agreedMs: number;
  readonly kept: boolean;
}

/** Fold one run. */
export function kpiRunOf(facts: Facts): KpiRun {
  const report = runReport(facts.events);
  const first = facts.events[0]?.body;
  const commit = first?.type === 'runCreated' ? first.commit?.head : undefined;
  const { rollback, startedAt, finishedAt, rollbackOf } = report;
  const restoredAt = rollback?.trafficBackAt ?? rollback?.finishedAt ?? (rollback && report.state === 'rolledBack' ? finishedAt : undefined);
  return {
    ...{ runId: report.runId, runbook: report.runbook, state: facts.row.state, createdAt: report.createdAt, waitedMs: waitedMs(facts) },
    ...(startedAt === undefined ? {} : { startedAt }),
    ...(finishedAt !== undefined && isTerminal(facts.row.state) ? { finishedAt } : {}),
    ...(commit === undefined ? {} : { commit }),
    ...(rollbackOf === undefined ? {} : { rollbackOf }),
    ...(rollback ? { rollback: { requestedAt: rollback.requestedAt, ...(restoredAt === undefined ? {} : { restoredAt }) } } : {}),
    sla: agreementsOf(facts),
  };
}

/** Agreements about phases that never began say nothing. */
function agreementsOf({ events }: Facts): readonly KpiAgreement[] {
  const graph = events.flatMap(({ body }) => (body.type === 'runCreated' ? [body.graph] : []))[0];
  const begun = new Set(events.flatMap(({ body }) => (body.type === 'phaseStarted' ? [body.phase] : [])));
  const breached = new Set(events.flatMap(({ body }) => (body.type === 'slaBreached' ? [body.id] : [])));
  const applying = (graph?.sla ?? []).filter(({ phase }) => (phase === undefined ? begun.size > 0 : begun.has(phase)));
  return applying.map(({ id, durationMs }) => ({ id, agreedMs: durationMs, kept: !breached.has(id) }));
}

/** Gates that are open at one time count once. */
function waitedMs({ events }: Facts): number {
  const open = new Set<string>();
  let since = 0;
  let waited = 0;
  for (const { body, at } of events) {
    const before = open.size;
    if (body.type === 'stepWaiting' && body.wait.type === 'gate') open.add(body.path);
    if (body.type === 'gateClosed' || body.type === 'stepFinished') open.delete(body.path);
    if (body.type === 'runFinished') open.clear();
    if (before === 0 && open.size > 0) since = at;
    if (before > 0 && open.size === 0) waited += Math.max(0, at - since);
  }
  return waited;
}
