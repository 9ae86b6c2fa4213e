import { didYouMean, EXIT, SlipwayError, unreachable } from '../core/pure.ts';
import { isEligible } from './decide/gate.ts';
import type { EventBody } from './events.ts';
import type { RunData, Task } from './state.ts';

/** What people ask of a run that goes on; each becomes an event. */
export type RequestBody = Extract<
  EventBody,
  {
    type: 'voteCast' | 'signalReceived' | 'cancelRequested' | 'pauseRequested' | 'resumeRequested' | 'rollbackRequested' | 'taskResolved';
  }
>;

/**
 * Refuse what a run in this state cannot follow. Pure, and the same whoever drives the run.
 *
 * @throws {SlipwayError} `RUN_OVER`, `NO_GATE`, `NOT_ELIGIBLE`, `PAST_NO_RETURN`, `UNKNOWN_TASK`, `NOT_IN_ATTENTION`.
 */
export function refuseRequest(data: RunData, body: RequestBody): void {
  if (data.finished) throw new SlipwayError('RUN_OVER', `${data.runId} is over: ${data.finished.state}`, { hint: `see "slipway status ${data.runId}"` });
  switch (body.type) {
    case 'voteCast':
      return refuseVote(data, body);
    case 'rollbackRequested':
      return refuseNoReturn(data, body);
    case 'taskResolved':
      return refuseResolution(data, body);
    case 'signalReceived':
    case 'cancelRequested':
    case 'pauseRequested':
    case 'resumeRequested':
      return;
    default:
      return unreachable(body);
  }
}

/** The gate a vote is for: the one that waits when no path is given. @throws {SlipwayError} `NO_GATE`. */
export function gateOf(data: RunData, path: string | undefined): Task {
  const gates = [...data.tasks.values()].filter(({ state, wait }) => state === 'waiting' && wait?.type === 'gate');
  const [only] = gates;
  const found = path === undefined ? (gates.length === 1 ? only : undefined) : gates.find((task) => task.path === path || task.path === `${path}/@approval`);
  if (found) return found;
  const names = gates.map((task) => task.path);
  const what =
    path === undefined
      ? names.length === 0
        ? `nothing in ${data.runId} waits for a decision`
        : `${names.length} gates wait for a decision`
      : `nothing waits for a decision at "${path}"`;
  throw new SlipwayError('NO_GATE', what, {
    exitCode: EXIT.notFound,
    hint: names.length > 0 ? `name one of ${names.join(', ')}` : `see "slipway status ${data.runId}"`,
  });
}

function refuseVote(data: RunData, body: Extract<RequestBody, { type: 'voteCast' }>): void {
  const { wait, path } = gateOf(data, body.path);
  if (wait?.type !== 'gate' || isEligible(body, wait.gate, { created: data.created, planDigest: data.created?.planDigest ?? '' })) return;
  throw new SlipwayError('NOT_ELIGIBLE', `${body.voter} may not decide ${path}`, {
    exitCode: EXIT.notAuthorized,
    hint: `it asks ${wait.gate.approvers.join(', ')}${wait.gate.preventSelfApproval ? ', and not whoever wrote or started the change' : ''}`,
  });
}

/** @throws {SlipwayError} `PAST_NO_RETURN`, also of a run that is over. */
export function refuseNoReturn(data: RunData, { force }: { readonly force?: boolean }): void {
  if (!data.pastNoReturn || force === true) return;
  throw new SlipwayError('PAST_NO_RETURN', `${data.runId} is past its point of no return`, { hint: 'add --force when you know that undoing is still right' });
}

function refuseResolution({ runId, tasks, attention }: RunData, { path }: Extract<RequestBody, { type: 'taskResolved' }>): void {
  const task = tasks.get(path);
  const open = [...attention.keys()].filter((one) => one.includes('/'));
  if (!task) {
    const near = didYouMean(path, tasks.keys());
    throw new SlipwayError('UNKNOWN_TASK', `${runId} has no task "${path}"`, {
      exitCode: EXIT.notFound,
      hint: near ? `did you mean "${near}"?` : `see "slipway status ${runId}"`,
    });
  }
  if (!open.includes(path))
    throw new SlipwayError('NOT_IN_ATTENTION', `${path} does not wait for a person; it is ${task.state}`, {
      hint: open.length > 0 ? `these do: ${open.join(', ')}` : `see "slipway status ${runId}"`,
    });
}
