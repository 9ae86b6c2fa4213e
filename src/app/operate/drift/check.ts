import { digestOf, newRunId, SlipwayError } from '../../../core/index.ts';
import type { Store } from '../../../store/index.ts';
import { createdOf, worldOf } from '../../drive.ts';
import { findRunbook, invalid } from '../../load.ts';
import { lockNamesOf } from '../../open-run-locks.ts';
import { filesOf } from '../../run-files.ts';
import type { Session } from '../../types.ts';
import type { Wiring } from '../../wiring.ts';
import { toJson } from '../documents.ts';
import { atHead, type Head } from '../heads.ts';
import { DRIFT, driftKey, DriftRecord } from './book.ts';
import { type Baseline, baselineOf } from './left.ts';
import { lookAt, type Looked } from './look.ts';
import { tellDrift } from './tell.ts';

export interface DriftRequest {
  readonly store: Store;
  readonly head: Head;
  readonly runbook: string;
  /** Time of this look, milliseconds since the epoch: the same when it is tried again after a crash, so that people are told once. */
  readonly at: number;
}
type Known = Extract<Baseline, { readonly runId: string }>;

/**
 * Look whether stacks and machines are as the last run of a runbook left them, keep what was found, tell people when it is news, and start what sets it right
 * where the runbook says so. Nothing is repaired here.
 *
 * @throws {SlipwayError} `RUNBOOK_NOT_FOUND`, `INVALID` with `problems`, `ALREADY_RUNNING` and `LOCKED` while something is on its way, and what opening the outside throws.
 */
export async function checkDrift(session: Session, wiring: Wiring, request: DriftRequest): Promise<DriftRecord> {
  const { head, runbook, store } = request;
  if (!head.estate.ok) throw invalid(head.estate.problems);
  const { name } = findRunbook(head.estate.value, runbook);
  const baseline = await baselineOf(await wiring.journal(), name, head.repository);
  const looked = 'why' in baseline ? undefined : await look(atHead(session, head), wiring, { store, baseline });
  return keep({ ...request, runbook: name }, baseline, looked);
}

async function look(session: Session, wiring: Wiring, { store, baseline }: { readonly store: Store; readonly baseline: Known }): Promise<Looked> {
  const journal = await wiring.journal();
  const { runId, left } = baseline;
  const created = await createdOf(journal, runId);
  const checkout = await filesOf(session, wiring, created);
  const locks = new Set(await lockNamesOf(wiring, { runId, created, checkout: () => checkout }));
  await refuseBusy(store, locks);
  // What is opened for looking is kept apart from the run that is looked at.
  await using world = await worldOf(session, wiring, { journal, runId: newRunId(wiring.clock.now()), checkout });
  const looked = await lookAt({ session, journal, world, graph: created.graph, checkout }, left);
  await refuseBusy(store, locks);
  return looked;
}

/** Whoever holds the locks of what is looked at is changing it. */
async function refuseBusy({ locks }: Store, names: ReadonlySet<string>): Promise<void> {
  const busy = (await locks.locks()).find(({ lock, heldBy }) => heldBy !== undefined && names.has(lock));
  if (busy)
    throw new SlipwayError('LOCKED', `${busy.lock} is held by ${busy.heldBy?.runId ?? 'a run'}`, {
      retry: 'afterBackoff',
      hint: 'look again when it has ended',
    });
}

/** In this order: people are told, then it is kept that they were; a crash in between tells the same once more under the same id. */
async function keep(request: DriftRequest, baseline: Baseline, looked: Looked | undefined): Promise<DriftRecord> {
  const { store, head, runbook, at } = request;
  const { repository } = head;
  const key = driftKey({ repository, runbook });
  const found = await store.documents.get(DRIFT, key);
  const before = found && DriftRecord.parse(found.value);
  const record = recordOf({ runbook, at, ...(repository === undefined ? {} : { repository }) }, { baseline, looked, before });
  await tellDrift(request, record, before);
  await store.documents.put(DRIFT, key, toJson(record));
  return record;
}

interface Seen {
  readonly baseline: Baseline;
  readonly looked: Looked | undefined;
  readonly before: DriftRecord | undefined;
}

function recordOf(base: Pick<DriftRecord, 'runbook' | 'at' | 'repository'>, { baseline, looked, before }: Seen): DriftRecord {
  if ('why' in baseline || !looked) return { ...base, state: 'unknown', reasons: 'why' in baseline ? [baseline.why] : [], findings: [], compared: 0 };
  const { findings, blind, compared } = looked;
  const same = { ...base, reasons: [...blind], findings: [...findings], compared, runId: baseline.runId };
  if (findings.length > 0)
    return { ...same, state: 'drifted', digest: digestOf(findings), since: before?.state === 'drifted' ? (before.since ?? base.at) : base.at };
  return { ...same, state: blind.length > 0 || compared === 0 ? 'unknown' : 'clean' };
}
