import { isObject, type Json, SlipwayError } from '../core/index.ts';
import { createExecutor, driveRun, type DriveOptions, type EventBody, type RunLocks, type RunState } from '../engine/index.ts';
import { openSpillIn } from '../journal/index.ts';
import { kindOf } from '../steps/index.ts';
import { callRunbook } from './call.ts';
import { invalid, parseFiles } from './load.ts';
import { followed, tellingWhile } from './operate/telling/while.ts';
import { openRunLocks } from './open-run-locks.ts';
import { policyDirOf } from './plan-change.ts';
import { driveRemotely, remoteOf } from './remote.ts';
import { filesOf } from './run-files.ts';
import { rememberSecrets } from './remember-secrets.ts';
import { POLICY_DIR } from './start-run.ts';
import type { RehearsalOptions, RunHandle, Session } from './types.ts';
import type { RunJournal, Wiring, World } from './wiring.ts';

type Created = Extract<EventBody, { type: 'runCreated' }>;

/** Have a recorded run driven, from wherever it stands: in this process, or by the engine on a server that it was begun for. */
export async function drive(session: Session, wiring: Wiring, runId: string): Promise<RunHandle> {
  const engine = await remoteOf(wiring, await (await wiring.journal()).run(runId));
  if (engine) await followed(wiring, runId);
  const act = (): RunHandle['done'] => (engine ? driveRemotely(session, wiring, { engine, runId }).done : driveToEnd(session, wiring, runId));
  return { runId, ...(engine ? { isElsewhere: true } : {}), done: tellingWhile(session, wiring, runId, act) };
}

async function driveToEnd(session: Session, wiring: Wiring, runId: string): Promise<{ readonly state: RunState }> {
  const journal = await wiring.journal();
  const created = await createdOf(journal, runId);
  const checkout = await filesOf(session, wiring, created);
  await using world = await worldOf(session, wiring, { journal, runId, checkout });
  // The steps a rehearsal lets fail are named by the paths of the runbook a person asked for.
  if (!created.parent) world.arm(created.graph, created.inputs);
  await using held = await openRunLocks(wiring, { runId, created, checkout: () => checkout });
  return await driveIn(world, { session, wiring, runId, locks: held.locks });
}

interface Driving {
  readonly session: Session;
  readonly wiring: Wiring;
  readonly runId: string;
  /** Absent for a run that acts under the locks of its caller, or needs none. */
  readonly locks?: RunLocks | undefined;
}

/** Drive a run in a world that is open already: its own, or its caller's. */
async function driveIn(world: World, { session, wiring, runId, locks }: Driving): Promise<{ readonly state: RunState }> {
  const { signal, masker, drain } = session;
  const { clock, owner } = wiring;
  const journal = await wiring.journal();
  const created = await createdOf(journal, runId);
  const checkout = await filesOf(session, wiring, created);
  const { rehearsal } = created;
  const ports = world.portsOf(runId);
  const fault: World['fault'] = (path) => (created.parent ? undefined : world.fault(path));
  await rememberSecrets(journal, masker, runId);
  const executor = createExecutor({ runId, kindOf, ports, host: world.host, clock, masker, vault: journal, checkout, rehearsal, fault });
  const driveChild = (child: string): Promise<{ readonly state: RunState }> => driveIn(world, { session, wiring, runId: child });
  if (!rehearsal) await followed(wiring, runId);
  const observe = await wiring.telemetry.observer(runId);
  const call: DriveOptions['call'] = (request, stop) =>
    callRunbook(session, wiring, { ...request, parent: runId, created, checkout, signal: stop, drive: driveChild });
  try {
    const openSpill = openSpillIn(session.stateDir);
    const rest = { ...(drain ? { drain } : {}), ...(locks ? { locks } : {}), ...(observe ? { observe } : {}) };
    return await driveRun({ runId, journal, executor, clock, owner, signal, call, fault, openSpill, ...rest });
  } finally {
    await ports.ssh.release(runId);
  }
}

/** The first event of a run. @throws {SlipwayError} `RUN_NOT_FOUND`. */
export async function createdOf(journal: RunJournal, runId: string): Promise<Created> {
  const [{ body: first } = { body: undefined }] = await journal.read(runId, 0);
  if (first?.type === 'runCreated') return first;
  throw new SlipwayError('RUN_NOT_FOUND', `there is no run "${runId}"`, { exitCode: 6, hint: 'run "slipway runs" to see them' });
}

/** Open the outside as the run was started with: the same files, and for a rehearsal the same stand-ins. */
export async function worldOf(
  session: Session,
  wiring: Wiring,
  { journal, runId, checkout }: { readonly journal: RunJournal; readonly runId: string; readonly checkout: string },
): Promise<World> {
  const files = await parseFiles(checkout);
  if (!files.ok) throw invalid(files.problems);
  const labels = (await journal.run(runId))?.labels ?? {};
  const { [POLICY_DIR]: trusted } = labels;
  const policies = await wiring.loadPolicies(typeof trusted === 'string' ? trusted : policyDirOf(checkout, wiring), session.signal);
  const rehearsal = rehearsalOf(labels['rehearsal']);
  return wiring.openWorld({
    checkout,
    inventory: files.value.inventory,
    masker: session.masker,
    policies,
    signal: session.signal,
    notice: session.notice,
    runId,
    ...(rehearsal ? { rehearsal } : {}),
  });
}

function rehearsalOf(label: Json | undefined): { readonly id: string; readonly options: RehearsalOptions } | undefined {
  if (!isObject(label) || typeof label['id'] !== 'string') return undefined;
  return label as never as { readonly id: string; readonly options: RehearsalOptions }; // written by rehearse
}
