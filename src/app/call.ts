import { causedRunId, EXIT, isObject, type JsonObject, messageOf, SlipwayError } from '../core/index.ts';
import { type EventBody, isTerminal, type RunState, stateOf } from '../engine/index.ts';
import type { InputSchema } from '../runbook/index.ts';
import { readInputs } from './inputs.ts';
import { invalid, parseFiles } from './load.ts';
import type { Session } from './types.ts';
import type { RunJournal, Wiring } from './wiring.ts';

interface CallRequest {
  readonly path: string;
  readonly runbook: string;
  readonly inputs: JsonObject;
  readonly parent: string;
  /** Where the files of the caller are on this machine. */
  readonly checkout: string;
  /** The first event of the caller. */
  readonly created: Extract<EventBody, { type: 'runCreated' }>;
  readonly signal: AbortSignal;
  /** Drive a run in the caller's world. */
  readonly drive: (runId: string) => Promise<{ readonly state: RunState }>;
}

/** Run a called runbook as a run of its own. Its id follows from the caller, so that a crash never starts it twice. */
export async function callRunbook(
  session: Session,
  wiring: Wiring,
  request: CallRequest,
): Promise<{ readonly runId: string; readonly state: RunState; readonly outputs: JsonObject }> {
  const { parent, signal, drive } = request;
  const journal = await wiring.journal();
  const runId = await recordCall(wiring, request);
  const release = cancelWith(signal, session, { journal, runId, parent });
  const { state } = await drive(runId).finally(release);
  if (!isTerminal(state))
    throw new SlipwayError('CALL_WAITS', `the called run ${runId} is ${state}`, { retry: 'pauseForHuman', hint: `see "slipway status ${runId}"` });
  return { runId, state, outputs: stateOf(await journal.read(runId)).finished?.outputs ?? {} };
}

/** Record a called run, whoever drives it then; again changes nothing. @returns its id. */
export async function recordCall(wiring: Wiring, request: Omit<CallRequest, 'signal' | 'drive'>): Promise<string> {
  const { parent, path, runbook, created } = request;
  const journal = await wiring.journal();
  const graph = created.graph.calls[runbook];
  if (!graph) throw new SlipwayError('UNKNOWN_RUNBOOK', `the plan does not hold the runbook "${runbook}" that ${path} calls`, { hint: 'plan again' });
  const row = await journal.run(parent);
  const runId = derivedRunId(parent, path);
  const { overrides: _ofCaller, ...same } = created;
  const { concurrency: _held, ...free } = graph; // the caller holds the group already; waiting for it would wait for ever
  const inputs = await childInputs(request);
  await journal.create(
    {
      id: runId,
      runbook,
      planDigest: created.planDigest,
      createdAt: row?.createdAt ?? wiring.clock.now(),
      rehearsal: created.rehearsal,
      labels: { ...row?.labels, parent },
    },
    { ...same, graph: free, inputs, parent: { runId: parent, path } },
  );
  return runId;
}

/**
 * A caller that is cancelled, times out or rolls back cancels what it called, which then ends in good order. A process that merely stops leaves
 * both to be resumed.
 */
function cancelWith(
  signal: AbortSignal,
  session: Session,
  { journal, runId, parent }: { readonly journal: RunJournal; readonly runId: string; readonly parent: string },
): () => void {
  const cancel = (): void => {
    if (session.signal.aborted) return;
    const id = `${parent}:cancel`;
    journal
      .post(runId, { type: 'cancelRequested', id, by: 'system', reason: `${parent} was stopped` }, id)
      .catch((cause: unknown) => session.notice(messageOf(cause)));
  };
  signal.addEventListener('abort', cancel, { once: true });
  if (signal.aborted) cancel();
  return () => signal.removeEventListener('abort', cancel);
}

/** Inputs of a called runbook: what the caller gives, over the defaults. Sealed secrets are passed on as they are. */
async function childInputs({ created, checkout, runbook, inputs }: Omit<CallRequest, 'signal' | 'drive'>): Promise<JsonObject> {
  const files = await parseFiles(checkout);
  if (!files.ok) throw invalid(files.problems);
  const called = files.value.repository.runbooks.get(runbook);
  const declared = called?.runbook.inputs ?? {};
  const sealed = Object.entries(inputs).filter(([, value]) => isObject(value) && ('$secret' in value || '$secretText' in value));
  const names = new Set(sealed.map(([name]) => name));
  refuseMisplacedSecrets(declared, inputs, names);
  const schemas = Object.fromEntries(Object.entries(declared).filter(([name]) => !names.has(name)));
  const given = Object.fromEntries(Object.entries(inputs).filter(([name]) => !names.has(name)));
  const ready = readInputs({ schemas, given, preset: created.rehearsal ? (called?.runbook.rehearsal?.inputs ?? {}) : {} });
  if ('problems' in ready) throw invalid(ready.problems);
  return { ...ready.inputs.values, ...Object.fromEntries(sealed) };
}

/** A secret stays one on its way: what takes it is declared secret, and what is declared secret takes nothing else. */
function refuseMisplacedSecrets(declared: { readonly [name: string]: InputSchema }, inputs: JsonObject, sealed: ReadonlySet<string>): void {
  const wrong = Object.keys(inputs).filter((name) => sealed.has(name) !== (declared[name]?.secret === true));
  if (wrong.length === 0) return;
  const words = wrong.map((name) => (sealed.has(name) ? `"${name}" is not secret and was given a secret` : `"${name}" is secret and was given plain text`));
  throw new SlipwayError('SECRET_INPUTS', `inputs of the called runbook: ${words.join('; ')}`, {
    exitCode: EXIT.usage,
    hint: 'declare it with "secret: true" in both runbooks, or in none',
  });
}

/** The id of a run that another one causes: the same for the same cause, so that a crash, or two people at once, never start it twice. */
export function derivedRunId(parent: string, path: string): string {
  const [, year, month, day] = /^run-(\d{4})(\d{2})(\d{2})-/.exec(parent) ?? [];
  return causedRunId(`${parent}:${path}`, year === undefined ? 0 : Date.UTC(Number(year), Number(month) - 1, Number(day)));
}
