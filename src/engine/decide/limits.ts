import type { WindowSpan } from '../../plan/index.ts';
import type { RollbackTrigger } from '../../runbook/index.ts';
import type { Decision } from './context.ts';
import { record } from './task.ts';

/** Breaches that change the course of a run: agreed durations, watches, windows, time limits of phases. */
export function decideLimits(decision: Decision): void {
  decideGates(decision);
  decideSla(decision);
  decideWatches(decision);
  decideWindows(decision);
}

/** Ask for a rollback when the runbook wants one for this trigger. @returns whether it does. */
export function rollBackOn(
  decision: Decision,
  trigger: RollbackTrigger,
  { reason, always = false }: { readonly reason: string; readonly always?: boolean },
): boolean {
  const { data, graph } = decision;
  if (data.pastNoReturn) return false;
  if (!always && !graph.rollback.on.includes(trigger)) return false;
  record(decision, { type: 'rollbackRequested', id: `${data.runId}:${trigger}`, trigger, by: 'system', reason });
  return true;
}

/** A gate that nobody opened in time and that says `onTimeout: rollback`, wherever it is and whatever tolerates its failure. */
function decideGates(decision: Decision): void {
  const path = decision.data.overdueGate;
  if (path !== undefined) rollBackOn(decision, 'approvalDenied', { reason: `${path}: nobody decided in time`, always: true });
}

function decideSla(decision: Decision): void {
  const { data, graph, now } = decision;
  for (const sla of graph.sla) {
    const phase = sla.phase === undefined ? undefined : data.phases.get(sla.phase);
    const began = sla.phase === undefined ? data.startedAt : phase?.startedAt;
    if (began === undefined || phase?.finishedAt !== undefined || data.breachedSla.has(sla.id)) continue;
    const at = began + sla.durationMs;
    if (now < at) {
      decision.actions.push({ type: 'timer', timer: `sla ${sla.id}`, at });
      continue;
    }
    record(decision, { type: 'slaBreached', id: sla.id });
    if (sla.behavior === 'rollback') rollBackOn(decision, 'slaBreached', { reason: `${sla.id} was not kept`, always: true });
    else if (sla.behavior === 'cancel')
      record(decision, { type: 'cancelRequested', id: `${data.runId}:${sla.id}`, by: 'system', reason: `${sla.id} was not kept` });
  }
}

/** A breached watch of a running phase; one that is not a rollback trigger fails the phase (see forward.ts). */
function decideWatches(decision: Decision): void {
  const { data, graph } = decision;
  for (const phase of graph.phases) {
    if (data.phases.get(phase.id)?.state !== 'running') continue;
    const breached = phase.watch.find(({ path }) => data.breachedWatch.has(path));
    if (breached && rollBackOn(decision, 'healthFailed', { reason: `${breached.path}: ${data.breachedWatch.get(breached.path) ?? ''}` })) return;
  }
}

function decideWindows(decision: Decision): void {
  const { data, graph, now } = decision;
  if (data.created?.rehearsal === true) return;
  for (const phase of graph.phases) {
    const progress = data.phases.get(phase.id);
    if (progress?.state !== 'running' || !phase.window || phase.onOverrun === 'finish' || data.closedWindows.has(phase.id)) continue;
    const closes = closingTime(phase.window, progress.startedAt ?? now, now);
    if (now < closes) {
      decision.actions.push({ type: 'timer', timer: `window ${phase.id}`, at: closes });
      continue;
    }
    record(decision, { type: 'windowClosed', phase: phase.id });
    if (phase.onOverrun === 'rollback') rollBackOn(decision, 'windowOverrun', { reason: `the window of phase ${phase.id} has closed`, always: true });
    else
      record(decision, { type: 'pauseRequested', id: `${data.runId}:window:${phase.id}`, by: 'system', reason: `the window of phase ${phase.id} has closed` });
  }
}

/** When the window a phase runs in closes: windows that touch are one, and one that has closed while nobody looked is over. */
function closingTime(spans: readonly WindowSpan[], began: number, now: number): number {
  const isOpenAt = (at: number) => spans.find(({ from, to }) => from <= at && at < to);
  let span = isOpenAt(began) ?? spans.findLast(({ to }) => to <= began) ?? { to: now };
  for (let next = isOpenAt(span.to); next; next = isOpenAt(span.to)) span = next;
  return span.to;
}
