import { isObject, type Json, type JsonObject } from '../../core/index.ts';
import { type AnalysisCheck, analysesJson } from '../verdict/index.ts';
import { nextCommands } from './next.ts';
import { rollbackSentence, verdictSentences } from './sentences.ts';
import { reportOf } from './text.ts';
import type { Facts, RunReport, TaskReport } from './types.ts';

/** One run as data: stable names, times in ISO 8601, durations in milliseconds. */
export function runJson(facts: Facts, analyses: readonly AnalysisCheck[] = []): JsonObject {
  const report = reportOf(facts);
  return jsonObject({
    runId: report.runId,
    runbook: report.runbook,
    state: report.state,
    rehearsal: report.rehearsal,
    actor: report.actor,
    planDigest: report.planDigest,
    createdAt: iso(report.createdAt),
    finishedAt: iso(report.finishedAt),
    durationMs: (report.finishedAt ?? report.updatedAt) - report.createdAt,
    reason: report.reason,
    queue: report.queue && { ...report.queue, since: iso(report.queue.since) },
    rollbackOf: report.rollbackOf,
    phases: report.phases.map(({ id, type, state, startedAt, finishedAt }) => ({
      id,
      type,
      state,
      startedAt: iso(startedAt),
      finishedAt: iso(finishedAt),
      durationMs: span({ startedAt, finishedAt }),
    })),
    tasks: report.tasks.map(taskJson),
    verdicts: verdictSentences(report),
    ...(analyses.length === 0 ? {} : { analyses: analysesJson(analyses) }),
    rollback: rollbackJson(report),
    votes: report.votes.map((vote) => ({ ...vote, at: iso(vote.at) })),
    breaches: report.breaches.map((breach) => ({ ...breach, at: iso(breach.at) })),
    attention: report.attention,
    outputs: report.outputs,
    journal: { events: report.events, head: report.head },
    next: nextCommands(report),
  });
}

function rollbackJson(report: RunReport): unknown {
  const { rollback } = report;
  if (rollback === undefined) return undefined;
  const { trigger, reason, by, requestedAt, finishedAt, trafficBackAt } = rollback;
  return {
    trigger,
    reason,
    by,
    requestedAt: iso(requestedAt),
    durationMs: span({ startedAt: requestedAt, finishedAt }),
    trafficBackMs: span({ startedAt: requestedAt, finishedAt: trafficBackAt }),
    sentence: rollbackSentence(report, report.updatedAt),
  };
}

function taskJson(task: TaskReport): unknown {
  return {
    path: task.path,
    uses: task.node?.uses,
    role: task.node?.role,
    state: task.state,
    attempts: task.attempts,
    startedAt: iso(task.startedAt),
    finishedAt: iso(task.finishedAt),
    durationMs: span(task),
    summary: task.summary,
    reason: task.reason,
    error: task.error,
    wait: task.wait,
    hosts: task.hosts.states.size === 0 ? undefined : Object.fromEntries(task.hosts.states),
  };
}

function iso(at: number | undefined): string | undefined {
  return at === undefined ? undefined : new Date(at).toISOString();
}

function span({ startedAt, finishedAt }: { readonly startedAt?: number | undefined; readonly finishedAt?: number | undefined }): number | undefined {
  return startedAt === undefined || finishedAt === undefined ? undefined : finishedAt - startedAt;
}

/** Leave out what is undefined, so that the result is JSON and nothing else. */
function jsonObject(value: object): JsonObject {
  const clean = JSON.parse(JSON.stringify(value)) as Json; // what JSON.parse gives is JSON
  return isObject(clean) ? clean : {};
}
