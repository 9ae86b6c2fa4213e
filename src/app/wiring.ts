import type { Clock, JsonObject, Masker, SlipwayError } from '../core/index.ts';
import type { EventBody, RemoteEngine } from '../engine/index.ts';
import type { InventoryIndex } from '../inventory/index.ts';
import type { Journal } from '../journal/index.ts';
import type { PlanBody, PlanGraph } from '../plan/index.ts';
import type { PolicySet } from '../policy/index.ts';
import type { GitContext } from '../repo/index.ts';
import type { ChannelsPort, Host, Ports, WebhooksPort } from '../steps/index.ts';
import type { Telemetry } from '../telemetry/index.ts';
import type { Store } from '../store/index.ts';
import type { KeepWiring } from './keep-types.ts';
import type { RehearsalOptions } from './types.ts';

/** What the use cases need built for them; src/wire.ts is the only place that does. */
export interface Wiring extends KeepWiring {
  readonly clock: Clock;
  readonly git: GitContext;
  /** Name of this process as the holder of leases. */
  readonly owner: string;
  readonly tools: () => Promise<PlanBody['tools']>;
  /** Opened when it is first asked for. */
  readonly journal: () => Promise<RunJournal>;
  /** What lives beside the journal; opened when it is first asked for. */
  readonly store: () => Promise<Store>;
  /** Close the journal, what lives beside it, and the engine, if anybody has asked for them. */
  readonly close: () => Promise<void>;
  /** Is the process of this lease owner gone for certain? */
  readonly isDead: (owner: string) => boolean;
  /** URL of the backend that keeps the stacks; tells stacks of the same name apart. */
  readonly backend: string;
  /** What this process tells tracing and metrics about the runs that it drives. */
  readonly telemetry: Telemetry;
  /** Whom people and machines outside are told by. */
  readonly channels: ChannelsPort;
  readonly webhooks: WebhooksPort;
  /** An engine on a server, where one is configured: new runs are driven there. */
  readonly engine?: () => Promise<RemoteEngine>;
  readonly openWorld: (request: WorldRequest) => Promise<World>;
  readonly loadPolicies: (dir: string, signal: AbortSignal) => Promise<PolicySet>;
  readonly testPolicies: (dir: string, signal: AbortSignal) => Promise<{ readonly ok: boolean; readonly text: string }>;
  /** Policies from elsewhere than the repository being planned (SLIPWAY_POLICIES); then its own do not count. */
  readonly trustedPolicies?: string;
  /** The policies of a repository that has none of its own. */
  readonly shippedPolicies: string;
}
export type RunJournal = Journal<EventBody>;

export interface WorldRequest {
  /** Absolute path of the files at the planned commit. */
  readonly checkout: string;
  readonly inventory: InventoryIndex;
  readonly masker: Masker;
  readonly policies: PolicySet;
  readonly signal: AbortSignal;
  readonly notice: (line: string) => void;
  /** Present: everything outside is played by stand-ins that keep their world under this id. */
  readonly rehearsal?: { readonly id: string; readonly options: RehearsalOptions };
  /** See `Session.isGuarded`. */
  readonly isGuarded?: boolean;
  /** Run that evidence is kept with. */
  readonly runId: string;
}
/** The outside as one plan or run sees it. */
export interface World extends AsyncDisposable {
  readonly ports: Ports;
  /** The same ports, with evidence kept with another run: one that is called. */
  readonly portsOf: (runId: string) => Ports;
  /** A host of the inventory with what is needed to log in. @throws {SlipwayError} `UNKNOWN_HOST`, `LOGIN_MISSING`. */
  readonly host: (name: string) => Host;
  /** Rehearsals only: make the chosen steps of this graph fail. @throws {SlipwayError} `UNKNOWN_STEP`. */
  readonly arm: (graph: PlanGraph, inputs: JsonObject) => void;
  readonly fault: (path: string) => SlipwayError | undefined;
}
