import type { Digest, JsonObject } from '../../core/pure.ts';
import type { PlanWatch } from '../../plan/index.ts';
import type { StartAction } from '../actions.ts';
import type { LockProof, LockWait } from '../locks.ts';
import type { EventBody, HostResult, RunState, StepResult } from '../events.ts';
import type { RequestBody } from '../requests.ts';
import type { RunSnapshot } from '../snapshot.ts';
import type { TimedEvent } from '../../journal/index.ts';
import type { TaskRun } from '../local/executor.ts';

/**
 * What the workflow, its activities and whoever talks to it agree on. Everything in here crosses process borders, and old runs are replayed by newer code:
 * add optional members, never change or take away what is there.
 */

/**
 * Name of the workflow that is one run; its workflow id is the run id. Workers of a version that cannot carry on a run as it was begun do not know its name, and
 * leave it to those that do: `slipwayRun`, the first one, knows no `lean` rules, and `slipwayRun2` no `told`.
 */
export const RUN_WORKFLOW = 'slipwayRun3';

/** Requests of people, by the type of the event they become; each is an update with a validator. */
export const REQUESTS = {
  voteCast: 'vote',
  signalReceived: 'signal',
  cancelRequested: 'cancel',
  pauseRequested: 'pause',
  resumeRequested: 'resume',
  rollbackRequested: 'rollback',
  taskResolved: 'resolve',
} as const satisfies { readonly [type in RequestBody['type']]: string };
/** What a request became: the number of its event, and whether it was not known before. */
export interface Posted {
  readonly seq: number;
  readonly fresh: boolean;
}

/** Names of the signals between a run and the runs it calls, and of the query that tells how a run stands. */
export const CHILD_SIGNAL = 'childTold';
export const PARENT_SIGNAL = 'parentAsked';
export const STATUS_QUERY = 'status';

/** How a called run stands when its caller must know: over, or stuck until a person acts. */
export interface ChildTold {
  readonly path: string;
  readonly runId: string;
  readonly state: RunState;
  readonly outputs: JsonObject;
  /** The outputs are too large for a message and are left out. */
  readonly isCut?: boolean;
}
export interface Status {
  readonly state: RunState;
  readonly seq: number;
  /** Events up to this one are in the journal. */
  readonly projected: number;
  /** Paths of attempts that are under way, or in the queue of a worker. */
  readonly underWay: readonly string[];
  /** What a person should look at, by path. */
  readonly attention: { readonly [path: string]: string };
}

/** What a kind is to the brain, without its code: known when the run starts, so that every worker decides alike. */
export interface KindTable {
  readonly [uses: string]: { readonly target: 'none' | 'stack' | 'hosts'; readonly probes: boolean; readonly describes?: boolean };
}

/** Everything that may differ between installations, fixed when a run starts so that a replay agrees with what happened. Times in milliseconds. */
export interface Rules {
  /** Task queue of runs and of steps that belong to no zone; those of a zone add `-zone-<name>`. */
  readonly queue: string;
  /** Does the server know our search attributes? */
  readonly attributes: boolean;
  /** A worker that is silent for so long is taken for dead; what it did is in doubt. */
  readonly heartbeatMs: number;
  /** The same for steps that must not be repeated: a person would have to look after each false alarm. */
  readonly patientHeartbeatMs: number;
  /** How long a step waits for a worker before a person is told. */
  readonly pickUpMs: number;
  /** Shortest time between two messages to the journal while the run is busy; an idle run sends at once. */
  readonly projectMs: number;
  /** From so many events in the history on, the run continues as new at the next quiet moment. */
  readonly mostEvents: number;
  /** Open the books within a task of the run; not in runs that earlier versions began. */
  readonly inline?: true;
  /**
   * Do with fewer messages: events ride along with steps, few timers fire for nothing, how the run ended is told together with its end. Not in runs that earlier
   * versions began.
   */
  readonly lean?: true;
  /** What the search attributes say of the run from its start, so that nothing is told when it begins at once; not in runs that earlier versions began. */
  readonly told?: RunState;
}

/** Text that may be too large for one message: itself, or the evidence that holds its parts. */
export type Parcel = { readonly text: string } | { readonly parts: readonly Digest[] };

/** Argument of the workflow. */
export interface RunStart {
  readonly runId: string;
  readonly owner: string;
  readonly kinds: KindTable;
  readonly rules: Rules;
  /** Present when the run continues as new: a `Carried` as JSON. */
  readonly carried?: Parcel;
}
/** What a run takes along when it continues as new. */
export interface Carried {
  readonly version: 1;
  readonly token: number;
  readonly snapshot: RunSnapshot;
  /** Requests that came lately, by id; asking again changes nothing. */
  readonly posted: readonly (readonly [string, number])[];
  /** Steps on hosts that are half-way, none of whose hosts is under way. */
  readonly spreads: readonly HalfSpread[];
  /** Paths for which people were told that nobody takes them. */
  readonly complaints?: readonly string[];
  /** What the caller of this run was told last. */
  readonly told?: string;
  /** Present when the run has to hold locks. */
  readonly locks?: CarriedLocks;
}
export interface CarriedLocks {
  /** Absent while it does not hold them. */
  readonly proof?: LockProof;
  /** For whom people were told that it waits. */
  readonly told?: string;
}
export interface HalfSpread {
  readonly action: StartAction;
  /** When its intent was recorded. */
  readonly since: number;
  /** When its first host began, once that is known: its time limit counts from here, and not while no worker was there to begin. */
  readonly began?: number;
  /** Of this attempt, and the good ones of earlier attempts. */
  readonly results: readonly (readonly [string, HostResult])[];
}
export interface RunEnd {
  readonly state: RunState;
}

/** One attempt as an activity gets it. Names of hosts are left out: it is for one of them, or for none. */
export interface Work {
  readonly runId: string;
  readonly task: TaskRun;
  /** References of secrets that later events of this run hold and the journal may not have yet. */
  readonly secrets: readonly string[];
  /** Longest silence of the worker, in milliseconds. */
  readonly heartbeatMs: number;
  /** What the run holds while it acts; absent when it needs nothing. */
  readonly proof?: LockProof;
  /** Events that ride along, to be copied into the journal by whoever does the work. */
  readonly copy?: Copy;
}
/** Events on their way into the journal, as a list of `TimedEvent` in JSON, and what the run is after them. */
export interface Copy {
  readonly owner: string;
  readonly token: number;
  readonly events: Parcel;
  readonly state: RunState;
}
export interface HostWork extends Work {
  readonly host: string;
}
/** A host that ended, or, when it did not, how the attempt as a whole ended by that. */
export type HostEnd = ({ readonly host: HostResult } | { readonly attempt: StepResult }) & { readonly ranMs: number };

/** What a look at one host in doubt told. */
export type HostLook =
  { readonly verdict: 'done'; readonly result: HostResult } | { readonly verdict: 'notDone' } | { readonly verdict: 'unknown'; readonly reason: string };

export interface WatchWork {
  readonly runId: string;
  readonly watch: PlanWatch;
  readonly with: JsonObject;
  /** It was watched before: begin with a check. */
  readonly again: boolean;
  readonly secrets: readonly string[];
  readonly heartbeatMs: number;
}
export interface Breach {
  readonly failures: number;
  readonly message: string;
}
/** Where a run stands in the queue of its concurrency group. */
export type Turn = { readonly turn: 'free' } | { readonly turn: 'overtaken' } | { readonly turn: 'behind'; readonly behind: readonly string[] };

/** `locks` says that the run has to hold something while it acts. */
export interface Opened {
  readonly token: number;
  readonly events: Parcel;
  readonly locks?: true;
}

/** What became of asking for the locks of a run. */
export type Taken =
  | { readonly state: 'held'; readonly proof: LockProof }
  | { readonly state: 'waiting'; readonly wait: LockWait }
  /** It waited in a concurrency group where only the newest run counts, and a newer one came. */
  | { readonly state: 'overtaken' }
  /** Nobody could find out what it has to hold; a person has to look. */
  | { readonly state: 'unknown'; readonly reason: string; readonly hint: string };

/** The activities. Those of the central queue keep the books; the others have effects and run in the zone they belong to. */
export interface Activities {
  /** Take the lease of the run and give back its token and events. Until released it is nobody else's. */
  openRun(request: { readonly runId: string; readonly owner: string }): Promise<Opened>;
  putPart(request: { readonly runId: string; readonly text: string }): Promise<Digest>;
  getPart(digest: Digest): Promise<string>;
  /** Copy events into the journal. */
  project(request: Copy & { readonly runId: string; readonly isOver: boolean }): Promise<void>;
  /** Look at the concurrency group; with `wait`, come back only when it is the run's turn, or when it was overtaken. */
  awaitTurn(request: { readonly runId: string; readonly wait: boolean; readonly heartbeatMs: number }): Promise<Turn>;
  /** Ask for the locks of the run; come back when it has them, or when it waits for somebody else than people were `told` (`waitedFor`). */
  takeLocks(request: { readonly runId: string; readonly told?: string; readonly restMs?: number }): Promise<Taken>;
  /** Start a called run, or find it: with its end when it is over. */
  callRun(request: {
    readonly runId: string;
    readonly path: string;
    readonly runbook: string;
    readonly inputs: JsonObject;
  }): Promise<{ readonly runId: string; readonly end?: { readonly state: RunState; readonly outputs: JsonObject } } | { readonly failed: StepResult }>;
  /** `copied`: the events that rode along are in the journal. */
  execute(work: Work): Promise<{ readonly result: StepResult; readonly durationMs: number; readonly copied?: true }>;
  executeHost(work: HostWork): Promise<HostEnd>;
  probe(work: Work): Promise<Omit<Extract<EventBody, { type: 'stepProbed' }>, 'type' | 'path' | 'attempt'>>;
  probeHost(work: HostWork): Promise<HostLook>;
  watch(work: WatchWork): Promise<Breach>;
}
export type Timed = TimedEvent<EventBody>;

/** A worker that is silent for so long while it keeps the books is taken for dead, in milliseconds; another one does it again. */
export const BOOK_HEARTBEAT_MS = 4_000;

/** Type of the failure by which an activity says that nobody knows what became of its effect. */
export const LOST = 'EFFECT_LOST';
/** The same, because the run does not hold any more what it acts on; and that nothing has begun for that reason. */
export const LOCKS_LOST = 'LOCKS_LOST';
export const LOCKS_GONE = 'LOCKS_GONE';

/** For whom a run waits, in one word: people are told when it changes. */
export function waitedFor({ lock, heldBy }: LockWait): string {
  return `${lock} ${heldBy?.runId ?? ''}`;
}
