import type { Json, JsonObject, Masker, Parsed, Problem, Secret } from '../core/index.ts';
import type { JournalEvent, RunState } from '../engine/index.ts';
import type { Gates } from './gates.ts';
import type { LogQuery, RunQuery, RunRow, StoredLogLine } from '../journal/index.ts';
import type { Overview } from './overview.ts';
import type { Repair, RepairOptions } from './repair.ts';
import type { SeenLock, Unlocked, UnlockRequest } from './see-locks.ts';
import type { SuperviseOptions } from './supervise.ts';
import type { Keeping } from './keep-types.ts';
import type { Operations } from './operate/types.ts';
import type { WorkOptions } from './work.ts';
import type { ExpectedDuration, Finding, PlanBundle } from '../plan/index.ts';
import type { ListedToken } from './tokens.ts';
import type { AnalysisCheck, MeasuringPlan } from '../report/index.ts';

/** What every use case needs to know about who asks and where. */
export interface Session {
  /** `user:<name>`. */
  readonly actor: string;
  readonly teams: readonly string[];
  /** Absolute path of the repository's top folder. */
  readonly root: string;
  /** Absolute path of the folder with journal, evidence, checkouts and rehearsal worlds. */
  readonly stateDir: string;
  /** For a server that follows a branch: `root` is a mirror, and this commit is what the repository is now. */
  readonly commit?: string;
  /** Whoever wrote something after this commit is an author of what is planned. */
  readonly base?: string;
  /** Name of the repository, for a server that has several. */
  readonly repository?: string;
  /** Of the default branch, for a change that is no part of it yet: what the change says of them counts for nothing. */
  readonly gates?: Gates;
  /** What is planned may be hostile: looks use read-only credentials of clouds only, and reach no machine. */
  readonly isGuarded?: boolean;
  /** Somebody else in this process tells people and endpoints what happens in the runs that it drives. */
  readonly isTold?: true;
  readonly masker: Masker;
  /** Absolute paths of plans that are written or read; where they lie in the repository, they are no part of it. */
  readonly planFiles?: readonly string[];
  readonly signal: AbortSignal;
  /** Aborts when this process has to go: runs it drives are handed over, to be resumed by another. */
  readonly drain?: AbortSignal;
  /** One line of progress for people; goes to stderr. */
  readonly notice: (line: string) => void;
}

export interface PlanRequest {
  /** File, or name of a runbook in the repository. */
  readonly runbook: string;
  readonly inputs: { readonly [name: string]: Json | Secret };
  readonly rehearsal?: RehearsalOptions;
}
export interface RehearsalOptions {
  /** Paths or ids of steps that are made to fail. */
  readonly fail: readonly string[];
  /** Stacks whose cloud resources are changed behind Pulumi's back. */
  readonly drift: readonly string[];
  /** Extra latency of a side. */
  readonly slow: { readonly baseline?: number; readonly candidate?: number };
}
export interface Validation {
  readonly files: readonly string[];
  readonly problems: readonly Problem[];
}
/** A run that goes on. */
export interface RunHandle {
  readonly runId: string;
  /** An engine on a server drives it, whatever becomes of this process. */
  readonly isElsewhere?: boolean;
  /** Ends with the terminal state, or with `attention`, `paused`, `waiting` when nothing more can happen without a person and `detach` was asked for. */
  readonly done: Promise<{ readonly state: RunState }>;
}
/** Everything reports say about one run; made by a pure fold over its events. */
export interface RunFacts {
  readonly row: RunRow;
  readonly events: readonly JournalEvent[];
}

export interface RetryRequest {
  /** Only this step. */
  readonly path?: string | undefined;
  /** Only these hosts: `failed`, `unreachable`, `never-reached`, `in-doubt` (joined by commas), or a pattern of the inventory. */
  readonly hosts?: string | undefined;
}
export interface SettledHosts {
  readonly path: string;
  /** Those that were meant; all that did not end well when absent. */
  readonly hosts?: readonly string[];
}

/** The use cases. The command line (and later the server) know only this. */
export interface App extends AsyncDisposable, Keeping, Operations {
  validate(session: Session, paths: readonly string[]): Promise<Validation>;
  /** JSON Schema of one kind of file, or of all of them. */
  schema(kind?: string): JsonObject;
  plan(session: Session, request: PlanRequest): Promise<Parsed<PlanBundle>>;
  /** Re-verify everything the digest binds, then run. @throws {SlipwayError} `STALE_PLAN`, `POLICY_DENIED`, `LOCKED`. */
  apply(session: Session, bundle: PlanBundle, options: ApplyOptions): Promise<RunHandle>;
  rehearse(session: Session, request: PlanRequest): Promise<RunHandle>;
  /** Take over a run whose process died, or continue a paused one. */
  resume(session: Session, runId: string): Promise<RunHandle>;
  /** Go on with a run that no live process drives; undefined when there is nothing to do. */
  takeUp(session: Session, runId: string): Promise<RunHandle | undefined>;
  vote(
    session: Session,
    vote: { readonly runId: string; readonly path?: string; readonly decision: 'approve' | 'reject'; readonly reason?: string },
  ): Promise<{ readonly path: string }>;
  /** Gives back the run when nobody drove it, and this process now drives it to its end. */
  cancel(session: Session, runId: string, reason?: string): Promise<RunHandle | undefined>;
  pause(session: Session, runId: string, reason?: string): Promise<void>;
  /** Roll back a live run, or start a run that undoes a finished one. */
  rollBack(
    session: Session,
    runId: string,
    options: { readonly reason: string; readonly force: boolean },
  ): Promise<RunHandle | { readonly requested: true; readonly runId: string }>;
  signalRun(session: Session, runId: string, name: string, payload: Json): Promise<void>;
  resolveTask(session: Session, runId: string, path: string, as: 'retry' | 'done' | 'failed'): Promise<void>;
  /** Settle only some hosts of a step that needs a person. */
  settleHosts(
    session: Session,
    request: { readonly runId: string; readonly path: string; readonly as: 'retry' | 'done' | 'failed'; readonly hosts: string },
  ): Promise<SettledHosts>;
  /** Try again what waits for a person, or start a run that goes on with a failed one. */
  retry(session: Session, runId: string, request: RetryRequest): Promise<RunHandle | { readonly runId: string; readonly settled: readonly SettledHosts[] }>;
  runs(session: Session, query: RunQuery): Promise<readonly RunRow[]>;
  /** @throws {SlipwayError} `RUN_NOT_FOUND`. */
  facts(session: Session, runId: string): Promise<RunFacts>;
  follow(session: Session, runId: string, afterSeq: number): AsyncIterable<JournalEvent>;
  logs(session: Session, runId: string, query: LogQuery): Promise<readonly StoredLogLine[]>;
  verifyJournal(session: Session, runId: string): Promise<{ readonly ok: boolean; readonly text: string }>;
  /** How the engine of this store is doing, and why runs stand still. */
  overview(session: Session): Promise<Overview>;
  /** Mend what follows from the events alone. */
  repair(session: Session, options: RepairOptions): Promise<readonly Repair[]>;
  /** Take runs and steps from the engine on a server that is configured, until the session drains. */
  work(session: Session, options: WorkOptions): Promise<void>;
  /** Drive runs that nobody drives, until the session drains. */
  supervise(session: Session, options: SuperviseOptions): Promise<void>;
  /** What runs hold while they act, and who waits for it. */
  locks(session: Session): Promise<readonly SeenLock[]>;
  /** @throws {SlipwayError} `LOCK_IN_USE`, `LOCK_UNKNOWN`. */
  unlock(session: Session, request: UnlockRequest): Promise<Unlocked>;
  /** Compute the verdicts of a run again, offline. @throws {SlipwayError} `RUN_NOT_FOUND`, `NO_VERDICT`. */
  analyses(session: Session, runId: string): Promise<readonly AnalysisCheck[]>;
  policyTest(session: Session): Promise<{ readonly ok: boolean; readonly text: string }>;
  policyCheck(session: Session, bundle: PlanBundle): Promise<{ readonly decision: 'allow' | 'softDeny' | 'deny'; readonly findings: readonly Finding[] }>;
  readPlan(session: Session, file: string): Promise<PlanBundle>;
  /** A token for machines; its text is given back here and never again. @throws {SlipwayError} `BAD_SCOPE`, `TOKEN_EXISTS`, `TOKEN_EXPIRY`. */
  createToken(session: Session, request: TokenRequest): Promise<{ readonly text: Secret; readonly token: ListedToken }>;
  tokens(session: Session): Promise<readonly ListedToken[]>;
  /** @throws {SlipwayError} `TOKEN_NOT_FOUND`. */
  revokeToken(session: Session, prefix: string): Promise<ListedToken>;
  /** How long a plan should take, from earlier runs of its runbook. */
  expected(session: Session, bundle: PlanBundle): Promise<ExpectedDuration>;
  /** What its dual runs need to come to a verdict, at the noise of earlier runs where there are some. */
  measuring(session: Session, bundle: PlanBundle): Promise<readonly MeasuringPlan[]>;
}
export interface TokenRequest {
  readonly name: string;
  /** `run.start`, `*.read`, `run.start@erp-*`. */
  readonly scopes: readonly string[];
  readonly lifetimeMs: number;
}
export interface ApplyOptions {
  /** Digests of soft findings that a person overrides, with the reason. */
  readonly overrides: readonly string[];
  readonly overrideReason?: string;
  readonly secrets: { readonly [input: string]: Secret };
  /** Made from what causes the run, so that the same cause never starts two. */
  readonly runId?: string;
  readonly labels?: JsonObject;
  /** Who asked for it beside the actor, `user:<name>`; cannot approve it either. */
  readonly requestedBy?: string;
  /** The change it belongs to, as a holder of locks. */
  readonly holder?: string;
  /** Accounts of those who wrote it, beside the names that commits give; they cannot approve it. */
  readonly authors?: readonly string[];
}
